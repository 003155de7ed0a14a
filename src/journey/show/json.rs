//! One JSON object a journey, on a line:
//!
//! | Key | Type | Meaning |
//! | --- | --- | --- |
//! | `from` | string | the host it begins on |
//! | `to` | string | the destination's address |
//! | `probe` | string | `icmp`, `tcp`, `udp`, or `ip` for any other packet that was attached to |
//! | `delivered`, `answered` | boolean | whether the destination received it; whether an answer came home |
//! | `refused` | boolean | whether it was received and refused: by a reset, or as nobody listens on its UDP port |
//! | `hops` | list of hops | in order of time |
//! | `drop` | object or null | why it died: an element of `causes` of `tunlab why`; null for a reset, which answers |
//!
//! A hop is `{"n", "host", "dev", "dir", "t_us", "src", "dst", "ttl", "outer", "changed", "leg",
//! "fragment", "outer_fragment"}`: its number from 1, the host, the device, `in` or `out`,
//! microseconds since the first hop with three digits, the packet's own addresses and TTL, the
//! datagram of the tunnel that it travels in (`{"src", "dst"}` with ports, or null), and what changed
//! since the hop before, in words.
//!
//! `leg` is `there` for the packet itself, `back` for what answers it, `error` or `redirect` for an
//! ICMP message about either. `fragment` is the piece of it that passed there, null where it was
//! whole, and `outer_fragment` that of the datagram around it: `{"offset", "len", "more"}`, the first
//! two in bytes of what IP carries, the last whether other pieces follow.

use super::Story;
use crate::capture::Direction;
use crate::journey::identity::Leg;
use crate::journey::ip_packet::Piece;
use crate::journey::path::Hop;
use crate::model::Text;
use crate::model::json::{list, string};

/// Appends the journey and a line's end to `text`; `drop` is a JSON value.
pub fn json(story: &Story, drop: &str, text: &mut Text) {
    let path = story.path;
    text.str("{\"from\":");
    string(story.from, text);
    text.str(",\"to\":\"").str(&story.to.to_string());
    text.str("\",\"probe\":\"").str(story.probe);
    text.str("\",\"delivered\":").str(word(path.delivered));
    text.str(",\"answered\":").str(word(path.answered));
    text.str(",\"refused\":");
    text.str(word(path.refusal().is_some()));
    text.str(",\"hops\":[");
    for (hop, number) in path.hops.iter().zip(1..) {
        text.str(if number > 1 { "," } else { "" });
        self::hop(hop, number, path.since_start(hop.time), text);
    }
    text.str("],\"drop\":").str(drop).str("}\n");
}

fn hop(hop: &Hop, number: u64, since: f64, text: &mut Text) {
    text.str("{\"n\":").dec(number).str(",\"host\":");
    string(&hop.host, text);
    text.str(",\"dev\":");
    string(&hop.device, text);
    text.str(match hop.direction {
        Direction::In => ",\"dir\":\"in\"",
        Direction::Out => ",\"dir\":\"out\"",
    });
    text.str(&format!(",\"t_us\":{since:.3}"));
    let packet = &hop.packet;
    text.str(&format!(
        ",\"src\":\"{}\",\"dst\":\"{}\",\"ttl\":{},\"outer\":",
        packet.src, packet.dst, packet.ttl
    ));
    match hop.outer {
        Some(outer) => text.str(&format!(
            "{{\"src\":\"{}\",\"dst\":\"{}\"}}",
            outer.src, outer.dst
        )),
        None => text.str("null"),
    };
    text.str(",\"changed\":");
    list(&hop.changed, text, |change, text| {
        string(&change.to_string(), text);
    });
    text.str(",\"leg\":\"").str(leg(hop.leg)).str("\"");
    for (key, piece) in [
        ("fragment", packet.piece),
        ("outer_fragment", hop.outer_piece),
    ] {
        text.str(",\"").str(key).str("\":");
        fragment(piece, text);
    }
    text.str("}");
}

fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::Request => "there",
        Leg::Answer => "back",
        Leg::Error => "error",
        Leg::Redirect => "redirect",
    }
}

fn fragment(piece: Option<Piece>, text: &mut Text) {
    match piece {
        Some(Piece { offset, len, more }) => text.str(&format!(
            "{{\"offset\":{offset},\"len\":{len},\"more\":{more}}}"
        )),
        None => text.str("null"),
    };
}

fn word(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}
