//! What a host's policy rules and routing tables say of a packet, worked out as the kernel does
//! (net/core/fib_rules.c, net/ipv4/fib_trie.c): a route lookup answers with the outcome alone, and
//! who is to be told needs the rule or the route behind it.

use std::net::IpAddr;

use super::state::HostState;
use crate::lab::Cidr;
use crate::sys::netlink::{Action, LOCAL, MAIN, Route, Rule};

/// What speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision<'h> {
    /// A route.
    Route(&'h Route),
    /// A rule, by itself: the packet is not to be sent.
    Rule(&'h Rule),
    /// None.
    Nothing,
}

/// The table that is asked last (`RT_TABLE_DEFAULT`).
const DEFAULT: u32 = 253;

/// The rules that there are until somebody changes them.
const USUAL: [u32; 3] = [LOCAL, MAIN, DEFAULT];

impl HostState {
    /// What decides about a packet to `dst`, which came in through the device `iif` if it is not
    /// the host's own. Without its source, what is for certain sources does not count.
    pub(super) fn decide(
        &self,
        dst: IpAddr,
        src: Option<IpAddr>,
        iif: Option<&str>,
    ) -> Decision<'_> {
        if self.rules.is_empty() {
            let mut tables = USUAL.into_iter();
            let found = tables.find_map(|table| self.in_table(table, dst, None));
            return found.map_or(Decision::Nothing, Decision::Route);
        }
        let mut from = 0;
        for rule in &self.rules {
            if rule.priority < from || !is_for(rule, dst, src, iif) {
                continue;
            }
            match rule.action {
                Action::Table(table, suppressed) => {
                    if let Some(route) = self.in_table(table, dst, suppressed) {
                        return Decision::Route(route);
                    }
                }
                Action::Goto(priority) => from = priority,
                Action::Nop => {}
                Action::Blackhole | Action::Unreachable | Action::Prohibit => {
                    return Decision::Rule(rule);
                }
            }
        }
        Decision::Nothing
    }

    /// The route that a packet to `dst` takes; none where a rule stops it.
    pub(super) fn route_to(
        &self,
        dst: IpAddr,
        src: Option<IpAddr>,
        iif: Option<&str>,
    ) -> Option<&Route> {
        match self.decide(dst, src, iif) {
            Decision::Route(route) => Some(route),
            Decision::Rule(_) | Decision::Nothing => None,
        }
    }

    /// The route with the longest prefix, and of those the one with the least metric.
    fn in_table(&self, table: u32, dst: IpAddr, suppressed: Option<u32>) -> Option<&Route> {
        let fits = |route: &&Route| {
            let network = Cidr::new(route.destination, route.prefix_len);
            route.table == table && network.is_some_and(|network| network.contains(dst))
        };
        let rank = |route: &&Route| (u8::MAX - route.prefix_len, route.metric.unwrap_or(0));
        let route = self.routes.iter().filter(fits).min_by_key(rank)?;
        let allowed = suppressed.is_none_or(|bits| u32::from(route.prefix_len) > bits);
        allowed.then_some(route)
    }
}

/// Whether a rule is for such a packet, which has no mark. What asks for more is not for it, as
/// far as is known.
fn is_for(rule: &Rule, dst: IpAddr, src: Option<IpAddr>, iif: Option<&str>) -> bool {
    if rule.v6 != dst.is_ipv6() || rule.other {
        return false;
    }
    let within = |network: Option<(IpAddr, u8)>, address: Option<IpAddr>| {
        network.is_none_or(|(network, bits)| {
            let network = Cidr::new(network, bits);
            network.is_some_and(|network| address.is_some_and(|one| network.contains(one)))
        })
    };
    let through = rule
        .iif
        .as_deref()
        .is_none_or(|wanted| wanted == iif.unwrap_or("lo"));
    let unmarked = rule.mark.is_none_or(|(mark, mask)| mark & mask == 0);
    let described = within(rule.to, Some(dst))
        && within(rule.from, src)
        && through
        && unmarked
        && rule.oif.is_none();
    described != rule.inverted
}

#[cfg(test)]
mod tests {
    use super::super::samples::course;
    use super::*;
    use crate::sys::netlink::RouteKind;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn rule(priority: u32, action: Action) -> Rule {
        Rule {
            v6: false,
            priority,
            inverted: false,
            from: None,
            to: None,
            iif: None,
            oif: None,
            mark: None,
            other: false,
            action,
        }
    }

    fn blackhole(to: &str, metric: Option<u32>, table: u32) -> Route {
        let to: Cidr = to.parse().unwrap();
        Route {
            destination: to.address(),
            prefix_len: to.prefix_len(),
            index: None,
            gateway: None,
            kind: RouteKind::Blackhole,
            metric,
            source: None,
            table,
        }
    }

    fn kind(s: &HostState, iif: Option<&str>) -> Option<RouteKind> {
        let route = s.route_to(address("192.168.70.101"), None, iif);
        route.map(|route| route.kind)
    }

    #[test]
    fn a_route_in_another_table_went_unseen() {
        let mut s = course().remove(1);
        s.routes.push(blackhole("0.0.0.0/0", None, 77));
        assert_eq!(kind(&s, Some("tun0")), Some(RouteKind::Unicast));
        s.rules = vec![
            Rule {
                iif: Some("tun0".to_owned()),
                ..rule(100, Action::Table(77, None))
            },
            rule(32766, Action::Table(MAIN, None)),
        ];
        assert_eq!(kind(&s, Some("tun0")), Some(RouteKind::Blackhole));
        assert_eq!(kind(&s, None), Some(RouteKind::Unicast));
        // A default route does not count there.
        s.rules[0].action = Action::Table(77, Some(0));
        assert_eq!(kind(&s, Some("tun0")), Some(RouteKind::Unicast));
    }

    #[test]
    fn a_rule_that_forbids_went_unseen() {
        let mut s = course().remove(1);
        s.rules = vec![
            Rule {
                to: Some((address("192.168.70.0"), 24)),
                ..rule(100, Action::Prohibit)
            },
            rule(32766, Action::Table(MAIN, None)),
        ];
        let decision = s.decide(address("192.168.70.101"), None, None);
        assert_eq!(decision, Decision::Rule(&s.rules[0]));
        assert!(s.route_to(address("10.0.2.8"), None, None).is_some());
        s.rules[0].inverted = true;
        assert!(s.route_to(address("192.168.70.101"), None, None).is_some());
        s.rules.insert(0, rule(1, Action::Goto(32766)));
        assert!(s.route_to(address("10.0.2.8"), None, None).is_some());
    }

    #[test]
    fn of_two_routes_to_a_network_the_one_with_the_lower_metric_is_taken() {
        let mut s = course().remove(1);
        s.routes.push(blackhole("192.168.70.0/24", Some(5), MAIN));
        assert_eq!(kind(&s, None), Some(RouteKind::Unicast));
        for route in &mut s.routes {
            if route.kind == RouteKind::Unicast {
                route.metric = Some(100);
            }
        }
        assert_eq!(kind(&s, None), Some(RouteKind::Blackhole));
    }
}
