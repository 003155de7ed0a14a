//! A protocol is a table plus a few small functions.

use super::names::Names;
use super::{Carries, Field, Header, Layer, Next, Packet, Remarks, Text, Under, Value};

/// Everything tunlab knows about a protocol. Built with the `const` methods below, so that a
/// protocol's file reads as one declaration.
pub struct Protocol {
    /// Name in expressions and JSON: scapy's class name (`IP`, `Dot1Q`).
    pub name: &'static str,
    /// Further names in filters, Wireshark's.
    pub aliases: &'static [&'static str],
    /// Names in filters that only some of its layers have, as DNS and MDNS; when there are any, the
    /// protocol's own name selects nothing but what is listed here.
    pub faces: &'static [Face],
    /// What filters can ask that no field holds.
    pub computed: &'static [Computed],
    /// Name in `show`: scapy's title (`802.1Q`).
    pub title: &'static str,
    /// Title when quoted in an ICMP error (`IP in ICMP`).
    pub quoted_title: Option<&'static str>,
    /// The protocols over which it still has that title: the headers of the quoted packet.
    pub quoted_over: &'static [&'static str],
    /// Name in the protocol column of `line`, as tshark's.
    pub column: &'static str,
    /// Another name in that column, where one header serves several protocols (DNS and MDNS).
    pub column_by: Option<fn(&Packet, usize) -> &'static str>,
    /// The defining document (`RFC 791`).
    pub reference: &'static str,
    /// One or two sentences on what the protocol is for.
    pub about: &'static str,
    /// The header's fields in wire order.
    pub fields: &'static [Field],
    /// What this protocol rides on.
    pub under: &'static [Under],
    /// Whose riders it carries, too: an 802.1Q tag carries whatever Ethernet does.
    pub carries: Option<Carries>,
    /// How long the header is.
    pub header: Header,
    /// A shorter length at which a header cut off by an ICMP error can still be read.
    pub quoted_cut: Option<usize>,
    /// What follows, when the header decides by itself.
    pub next: fn(&Layer) -> Next,
    /// How many bytes after the header are payload, when the header says; the rest is padding.
    pub payload: fn(&Layer) -> Option<usize>,
    /// How many of the payload's last bytes belong to this layer itself.
    pub trailer: fn(&Layer) -> usize,
    /// Of a layer with a trailer that takes up the padding behind it: how many bytes at the
    /// trailer's start are padding in its stead.
    pub leaves: Option<fn(&Layer) -> usize>,
    /// Source and destination for the address columns of `line`.
    pub endpoints: Option<Endpoints>,
    /// This layer's share of a checksum's pseudo-header (RFC 768, RFC 8200 section 8.1): the
    /// one's complement sum of the addresses; nothing when its payload is not all here. A layer
    /// between the addresses and the payload (an IPv6 fragment) has a say, too.
    pub pseudo: Option<Pseudo>,
    /// Writes the info column of `line`.
    pub info: fn(&Packet, usize, &mut Text),
    /// Whether the header is such that nothing behind it can be believed: `line` is about it.
    pub bogus: Option<fn(&Packet, usize) -> bool>,
    /// What `line` says of a header that is cut off.
    pub cut: Cut,
    /// Writes what `line` says when the header behind this one is cut off before it can be named.
    pub stays: fn(&Packet, usize, &mut Text),
    /// Whether the payload is a piece of a message that was cut up; nothing leaves that to the
    /// layers around it.
    pub piece: fn(&Layer) -> Option<bool>,
    /// What scapy's `show()` lists in the header below although it is not there.
    pub phantom: Option<Phantom>,
    /// As a header inside a header: how many blanks further to the right `show` puts what its
    /// fields leave of its bytes; without a number it leaves them out.
    pub spills: Option<usize>,
    /// Remarks on the layer at an index of the packet.
    pub check: fn(&Packet, usize, &mut Remarks),
    /// Holds bytes that nothing decodes (Raw, Padding).
    pub opaque: bool,
    /// There is always a payload: what ends behind this header is cut off.
    pub never_last: bool,
    /// Bytes that frames of the link have at least; shorter ones are filled up.
    pub least: Option<usize>,
    /// Whether it holds what fills a packet up (Padding).
    pub filling: bool,
}

impl Protocol {
    /// A protocol without fields; the methods below fill it in.
    pub const fn new(name: &'static str, title: &'static str) -> Protocol {
        Protocol {
            name,
            aliases: &[],
            faces: &[],
            computed: &[],
            title,
            quoted_title: None,
            quoted_over: &[],
            column: title,
            column_by: None,
            reference: "",
            about: "",
            fields: &[],
            under: &[],
            carries: None,
            header: Header::Rest,
            quoted_cut: None,
            next: |_| Next::Bound,
            payload: |_| None,
            trailer: |_| 0,
            leaves: None,
            endpoints: None,
            pseudo: None,
            info: |_, _, _| {},
            bogus: None,
            cut: Cut {
                named: usize::MAX,
                info: |_, _, _| true,
            },
            stays: |_, _, _| {},
            piece: |_| None,
            phantom: None,
            spills: None,
            check: |_, _, _| {},
            opaque: false,
            never_last: false,
            least: None,
            filling: false,
        }
    }

    /// Sets Wireshark's names, for filters.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Protocol {
        self.aliases = aliases;
        self
    }

    /// Names the layers that not all are called alike, for filters.
    pub const fn faces(mut self, faces: &'static [Face]) -> Protocol {
        self.faces = faces;
        self
    }

    /// Sets what filters can ask that no field holds.
    pub const fn computed(mut self, computed: &'static [Computed]) -> Protocol {
        self.computed = computed;
        self
    }

    /// Sets the title used inside an ICMP error, right behind it or over one of these protocols.
    pub const fn quoted(mut self, title: &'static str, over: &'static [&'static str]) -> Protocol {
        self.quoted_title = Some(title);
        self.quoted_over = over;
        self
    }

    /// Sets the protocol column of `line`.
    pub const fn column(mut self, column: &'static str) -> Protocol {
        self.column = column;
        self
    }

    /// Sets the protocol column of `line` by what the packet holds.
    pub const fn column_by(mut self, by: fn(&Packet, usize) -> &'static str) -> Protocol {
        self.column_by = Some(by);
        self
    }

    /// Sets the defining document.
    pub const fn reference(mut self, reference: &'static str) -> Protocol {
        self.reference = reference;
        self
    }

    /// Sets the sentences on what the protocol is for.
    pub const fn about(mut self, about: &'static str) -> Protocol {
        self.about = about;
        self
    }

    /// Sets the table of fields.
    pub const fn fields(mut self, fields: &'static [Field]) -> Protocol {
        self.fields = fields;
        self
    }

    /// Sets what the protocol rides on.
    pub const fn under(mut self, under: &'static [Under]) -> Protocol {
        self.under = under;
        self
    }

    /// Carries whatever rides on `parent`: what `parent_field` tells there, `field` tells here.
    /// Protocols that declare this protocol itself as their parent go first.
    pub const fn carries(
        mut self,
        field: &'static str,
        parent: &'static str,
        parent_field: &'static str,
    ) -> Protocol {
        self.carries = Some(Carries {
            field,
            parent,
            parent_field,
        });
        self
    }

    /// Sets a header of always the same length, in bytes.
    pub const fn header(mut self, bytes: usize) -> Protocol {
        self.header = Header::Fixed(bytes);
        self
    }

    /// Sets a header of at least `min` bytes whose length `of` tells from the bytes.
    pub const fn header_from(mut self, min: usize, of: fn(&[u8]) -> usize) -> Protocol {
        self.header = Header::Computed { min, of };
        self
    }

    /// Sets a header as long as `of` tells from the bytes; it cannot be read from fewer.
    pub const fn header_whole(mut self, of: fn(&[u8]) -> usize) -> Protocol {
        self.header = Header::Whole(of);
        self
    }

    /// Sets a header of at least `min` bytes that ends where walking over its fields ends.
    pub const fn header_walked(mut self, min: usize, of: fn(&Layer) -> usize) -> Protocol {
        self.header = Header::Walked { min, of };
        self
    }

    /// Sets a header that takes all the bytes, of which there are at least `min`.
    pub const fn header_rest(mut self, min: usize) -> Protocol {
        self.header = Header::Computed {
            min,
            of: |bytes| bytes.len(),
        };
        self
    }

    /// Lets a header quoted in an ICMP error end after exactly `bytes` (RFC 792 quotes eight).
    pub const fn quoted_cut(mut self, bytes: usize) -> Protocol {
        self.quoted_cut = Some(bytes);
        self
    }

    /// Sets the function that decides what follows.
    pub const fn next(mut self, next: fn(&Layer) -> Next) -> Protocol {
        self.next = next;
        self
    }

    /// Sets the function that bounds the payload.
    pub const fn payload(mut self, payload: fn(&Layer) -> Option<usize>) -> Protocol {
        self.payload = payload;
        self
    }

    /// Sets the function that measures the trailer.
    pub const fn trailer(mut self, trailer: fn(&Layer) -> usize) -> Protocol {
        self.trailer = trailer;
        self
    }

    /// Lets the trailer take up the padding behind the layer, and leave some of its own for that.
    pub const fn leaves(mut self, leaves: fn(&Layer) -> usize) -> Protocol {
        self.leaves = Some(leaves);
        self
    }

    /// Sets the function that tells source and destination.
    pub const fn endpoints(mut self, endpoints: Endpoints) -> Protocol {
        self.endpoints = Some(endpoints);
        self
    }

    /// Sets the function that sums the addresses for a pseudo-header.
    pub const fn pseudo(mut self, pseudo: Pseudo) -> Protocol {
        self.pseudo = Some(pseudo);
        self
    }

    /// Sets the writer of the info column.
    pub const fn info(mut self, info: fn(&Packet, usize, &mut Text)) -> Protocol {
        self.info = info;
        self
    }

    /// Sets the function that tells a header behind which nothing can be believed.
    pub const fn bogus(mut self, bogus: fn(&Packet, usize) -> bool) -> Protocol {
        self.bogus = Some(bogus);
        self
    }

    /// Sets what `line` says when the header is cut off: from `named` bytes on it is about this
    /// protocol, and `info` writes what those bytes tell.
    pub const fn cut(
        mut self,
        named: usize,
        info: fn(&Packet, usize, &mut Text) -> bool,
    ) -> Protocol {
        self.cut = Cut { named, info };
        self
    }

    /// Sets the writer of what stays in the info column while nothing is known of the header behind,
    /// which is cut off.
    pub const fn stays(mut self, stays: fn(&Packet, usize, &mut Text)) -> Protocol {
        self.stays = stays;
        self
    }

    /// Sets the function that tells whether the payload is a piece of a message.
    pub const fn piece(mut self, piece: fn(&Layer) -> Option<bool>) -> Protocol {
        self.piece = piece;
        self
    }

    /// Sets what scapy's `show()` lists in the header below although it is not there.
    pub const fn phantom(mut self, phantom: Phantom) -> Protocol {
        self.phantom = Some(phantom);
        self
    }

    /// Sets how far to the right `show` puts what the fields leave of a header inside a header.
    pub const fn spills(mut self, blanks: usize) -> Protocol {
        self.spills = Some(blanks);
        self
    }

    /// Sets the function that looks for what is odd.
    pub const fn check(mut self, check: fn(&Packet, usize, &mut Remarks)) -> Protocol {
        self.check = check;
        self
    }

    /// Marks a protocol that only holds bytes.
    pub const fn opaque(mut self) -> Protocol {
        self.opaque = true;
        self
    }

    /// Says that there is always a payload.
    pub const fn never_last(mut self) -> Protocol {
        self.never_last = true;
        self
    }

    /// Sets how many bytes frames have at least.
    pub const fn least(mut self, bytes: usize) -> Protocol {
        self.least = Some(bytes);
        self
    }

    /// Marks the protocol that holds what fills a packet up.
    pub const fn filling(mut self) -> Protocol {
        self.filling = true;
        self
    }
}

/// A header that `show` puts into a field of the header below when that field holds none.
#[derive(Clone, Copy)]
pub struct Phantom {
    /// Name of the protocol below.
    pub below: &'static str,
    /// The field, a list of headers.
    pub field: &'static str,
    /// The header's bytes.
    pub bytes: &'static [u8],
    /// What it is, for the remark that says that it is not there.
    pub what: &'static str,
}

/// A name in filters, and which layers have it: those at the given place of a packet.
pub type Face = (&'static str, fn(&Packet, usize) -> bool);

/// A number that filters can ask for and no field holds.
#[derive(Debug, Clone, Copy)]
pub struct Computed {
    /// Its names in filters, Wireshark's.
    pub names: &'static [&'static str],
    /// What it says, for the reference.
    pub doc: &'static str,
    /// What its values are called.
    pub values: Option<&'static Names>,
    /// The largest there can be.
    pub most: u64,
    /// The number, of the layer at the given place of a packet that has one.
    pub of: fn(&Packet, usize) -> Option<u64>,
}

impl Computed {
    /// One whose values have no names.
    pub const fn new(
        names: &'static [&'static str],
        doc: &'static str,
        of: fn(&Packet, usize) -> Option<u64>,
    ) -> Computed {
        Computed {
            names,
            doc,
            values: None,
            most: u64::MAX,
            of,
        }
    }

    /// Sets the largest number there can be.
    pub const fn most(mut self, most: u64) -> Computed {
        self.most = most;
        self
    }

    /// Sets what its values are called.
    pub const fn values(mut self, values: &'static Names) -> Computed {
        self.values = Some(values);
        self
    }
}

/// What `line` says of a header that is cut off.
#[derive(Clone, Copy)]
pub struct Cut {
    /// Bytes from which on it is named.
    pub named: usize,
    /// Writes what the bytes tell, which are the layer at the index; whether tshark wants more
    /// of them.
    pub info: fn(&Packet, usize, &mut Text) -> bool,
}

/// Reads source and destination of a layer.
pub type Endpoints = for<'a> fn(&Layer<'a>) -> (Value<'a>, Value<'a>);

/// Sums the addresses of a layer, given by its place in the packet.
pub type Pseudo = fn(&Packet, usize) -> Option<u32>;

impl std::fmt::Debug for Protocol {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}
