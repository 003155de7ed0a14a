//! Policy rules (`RTM_NEWRULE` and its family, `man 8 ip-rule`): which routing table a packet is
//! looked up in, or that it is not to be sent at all.

use std::net::IpAddr;

use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage},
};

use super::{Netlink, NetlinkError};

/// A rule: the packets it is for, and what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Whether it is for IPv6.
    pub v6: bool,
    /// Its place among the rules: the lowest is asked first.
    pub priority: u32,
    /// Whether it is for all packets but those that are described.
    pub inverted: bool,
    /// The network that they come from.
    pub from: Option<(IpAddr, u8)>,
    /// The network that they go to.
    pub to: Option<(IpAddr, u8)>,
    /// The device they came in through; `lo` for those of the host's own.
    pub iif: Option<String>,
    /// The device they are bound to.
    pub oif: Option<String>,
    /// A firewall's mark and the bits of it that count.
    pub mark: Option<(u32, u32)>,
    /// Whether it asks for more than that: ports, a user, a type of service.
    pub other: bool,
    /// What becomes of them.
    pub action: Action,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// They are looked up in a table; a route with at most so many bits does not count.
    Table(u32, Option<u32>),
    /// The next rule asked is the one at that place.
    Goto(u32),
    /// Nothing.
    Nop,
    /// They are dropped in silence.
    Blackhole,
    /// Their sender is told that there is no way.
    Unreachable,
    /// Their sender is told that it is forbidden.
    Prohibit,
}

impl Netlink {
    /// All rules of the namespace, IPv4's and IPv6's, in the order in which they are asked.
    pub fn rules(&self) -> Result<Vec<Rule>, NetlinkError> {
        let mut rules = Vec::new();
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            let mut question = RuleMessage::default();
            question.header.family = family;
            let answer = self.dump("list rules", RouteNetlinkMessage::GetRule(question))?;
            rules.extend(answer.into_iter().filter_map(|message| match message {
                RouteNetlinkMessage::NewRule(message) => Some(Rule::from(message)),
                _ => None,
            }));
        }
        rules.sort_by_key(|rule| rule.priority);
        Ok(rules)
    }

    /// Deletes the first rule at the place `priority`. `ENOENT` if there is none.
    pub fn delete_rule(&self, v6: bool, priority: u32) -> Result<(), NetlinkError> {
        let mut message = RuleMessage::default();
        message.header.family = family(v6);
        message.attributes.push(RuleAttribute::Priority(priority));
        let operation = format!("delete rule {priority}");
        self.change(operation, RouteNetlinkMessage::DelRule(message), 0)
    }

    /// Adds a rule that asks for nothing [`other`](Rule::other). `EEXIST` if it is there.
    pub fn add_rule(&self, rule: &Rule) -> Result<(), NetlinkError> {
        let operation = format!("add rule {}", rule.priority);
        self.create(operation, RouteNetlinkMessage::NewRule(rule.message()))
    }
}

impl Rule {
    fn message(&self) -> RuleMessage {
        let mut message = RuleMessage::default();
        let header = &mut message.header;
        header.family = family(self.v6);
        header.flags.set(RuleFlags::Invert, self.inverted);
        let mut attributes = vec![RuleAttribute::Priority(self.priority)];
        if let Some((address, bits)) = self.from {
            header.src_len = bits;
            attributes.push(RuleAttribute::Source(address));
        }
        if let Some((address, bits)) = self.to {
            header.dst_len = bits;
            attributes.push(RuleAttribute::Destination(address));
        }
        header.action = match self.action {
            Action::Table(table, suppressed) => {
                attributes.push(RuleAttribute::Table(table));
                attributes.extend(suppressed.map(RuleAttribute::SuppressPrefixLen));
                RuleAction::ToTable
            }
            Action::Goto(priority) => {
                attributes.push(RuleAttribute::Goto(priority));
                RuleAction::Goto
            }
            Action::Nop => RuleAction::Nop,
            Action::Blackhole => RuleAction::Blackhole,
            Action::Unreachable => RuleAction::Unreachable,
            Action::Prohibit => RuleAction::Prohibit,
        };
        attributes.extend(self.iif.clone().map(RuleAttribute::Iifname));
        attributes.extend(self.oif.clone().map(RuleAttribute::Oifname));
        if let Some((mark, mask)) = self.mark {
            attributes.push(RuleAttribute::FwMark(mark));
            attributes.push(RuleAttribute::FwMask(mask));
        }
        message.attributes = attributes;
        message
    }
}

fn family(v6: bool) -> AddressFamily {
    match v6 {
        true => AddressFamily::Inet6,
        false => AddressFamily::Inet,
    }
}

impl From<RuleMessage> for Rule {
    fn from(message: RuleMessage) -> Rule {
        let header = message.header;
        let mut rule = Rule {
            v6: header.family == AddressFamily::Inet6,
            priority: 0,
            inverted: header.flags.contains(RuleFlags::Invert),
            from: None,
            to: None,
            iif: None,
            oif: None,
            mark: None,
            other: header.tos != 0,
            action: Action::Nop,
        };
        let (mut table, mut target, mut suppressed) = (u32::from(header.table), 0, None);
        let (mut mark, mut mask) = (None, u32::MAX);
        for attribute in message.attributes {
            match attribute {
                RuleAttribute::Priority(priority) => rule.priority = priority,
                RuleAttribute::Source(address) => rule.from = Some((address, header.src_len)),
                RuleAttribute::Destination(address) => rule.to = Some((address, header.dst_len)),
                RuleAttribute::Iifname(dev) => rule.iif = Some(dev),
                RuleAttribute::Oifname(dev) => rule.oif = Some(dev),
                RuleAttribute::Table(number) => table = number,
                RuleAttribute::Goto(priority) => target = priority,
                RuleAttribute::FwMark(value) => mark = Some(value),
                RuleAttribute::FwMask(value) => mask = value,
                // The kernel says -1 where there is no such limit.
                RuleAttribute::SuppressPrefixLen(bits) if bits != u32::MAX => {
                    suppressed = Some(bits);
                }
                RuleAttribute::L3MDev(true)
                | RuleAttribute::TunId(_)
                | RuleAttribute::UidRange(_)
                | RuleAttribute::IpProtocol(_)
                | RuleAttribute::SourcePortRange(_)
                | RuleAttribute::DestinationPortRange(_) => rule.other = true,
                _ => {}
            }
        }
        rule.mark = mark.map(|mark| (mark, mask));
        rule.action = match header.action {
            RuleAction::ToTable => Action::Table(table, suppressed),
            RuleAction::Goto => Action::Goto(target),
            RuleAction::Blackhole => Action::Blackhole,
            RuleAction::Unreachable => Action::Unreachable,
            RuleAction::Prohibit => Action::Prohibit,
            _ => Action::Nop,
        };
        rule
    }
}
