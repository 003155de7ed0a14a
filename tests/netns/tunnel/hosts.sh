# The course's three hosts, from a network namespace of one's own, which is U: see hosts.rs.
own=$(readlink /proc/self/ns/net)
host() {
    unshare --net sleep ${LIFE:-30} & host=$!
    until [ "$(readlink /proc/$host/ns/net)" != "$own" ]; do sleep 0.01; done
}
host; s=$host; S="nsenter --net=/proc/$s/ns/net --"
host; v=$host; V="nsenter --net=/proc/$v/ns/net --"
for scope in all default; do
    for on in "" "$S" "$V"; do $on sysctl -qw net.ipv6.conf.$scope.disable_ipv6=1; done
done
ip link set dev lo up
ip link add eth0 type veth peer name eth0 netns $s
ip addr add 10.0.2.8/24 dev eth0
ip link set dev eth0 up
$S sh -c "
    sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0
    sysctl -qw net.ipv4.icmp_ratelimit=0
    ip link set dev lo up
    ip addr add 10.0.2.11/24 dev eth0
    ip link set dev eth0 up
    ip link add eth1 type veth peer name eth0 netns $v
    ip addr add 192.168.70.1/24 dev eth1
    ip link set dev eth1 up"
$V sh -c "
    ip link set dev lo up
    ip addr add 192.168.70.101/24 dev eth0
    ip link set dev eth0 up
    ip route add default via 192.168.70.1"
finish() { kill $*; wait $* 2> /dev/null; kill $s $v; }
