//! Wireshark's names of what stands in DHCP's options, for filters.

use crate::model::InOption;

pub(super) const IN_OPTIONS: &[InOption] = &[
    InOption::number("dhcp.option.dhcp", "message-type", 0, 1),
    InOption::ipv4("dhcp.option.requested_ip_address", "requested_addr"),
    InOption::ipv4("dhcp.option.dhcp_server_id", "server_id"),
    InOption::ipv4("dhcp.option.subnet_mask", "subnet_mask"),
    InOption::ipv4("dhcp.option.router", "router"),
    InOption::ipv4("dhcp.option.domain_name_server", "name_server"),
    InOption::ipv4("dhcp.option.broadcast_address", "broadcast_address"),
    InOption::ipv4("dhcp.option.ntp_server", "NTP_server"),
    InOption::text("dhcp.option.hostname", "hostname"),
    InOption::text("dhcp.option.domain_name", "domain"),
    InOption::text("dhcp.option.vendor_class_id", "vendor_class_id"),
    InOption::number("dhcp.option.ip_address_lease_time", "lease_time", 0, 4),
    InOption::number("dhcp.option.renewal_time_value", "renewal_time", 0, 4),
    InOption::number("dhcp.option.rebinding_time_value", "rebinding_time", 0, 4),
    InOption::number("dhcp.option.dhcp_max_message_size", "max_dhcp_size", 0, 2),
    InOption::number("dhcp.option.interface_mtu", "interface-mtu", 0, 2),
    InOption::number("dhcp.option.default_ip_ttl", "default_ttl", 0, 1),
    InOption::numbers("dhcp.option.request_list_item", "param_req_list", 0, 1, 1),
    InOption::text("dhcp.option.message", "error_message"),
];
