-- Prints which packets the filters in the file FILTERS select, one filter a line: `number packet`;
-- and of every packet the protocols: `0 packet protocols`. A filter that tshark does not take is
-- an error.
local protocols = Field.new("frame.protocols")
local all = Listener.new("frame")
function all.packet(packet)
  io.stdout:write("0 ", packet.number, " ", tostring(protocols()), "\n")
end
local number = 0
for filter in io.lines(os.getenv("FILTERS")) do
  number = number + 1
  local this = number
  local listener = Listener.new("frame", filter)
  function listener.packet(packet)
    io.stdout:write(this, " ", packet.number, "\n")
  end
end
