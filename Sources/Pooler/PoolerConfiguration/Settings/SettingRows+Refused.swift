// Settings of PgBouncer that we cannot give their meaning. Their names are known, so that nobody looks for a slip of
// the pen; what asks for nothing is accepted.

extension SettingTable {
    static let noDirectory = "LDAP is not supported; use scram-sha-256, cert, or rules of an auth_hba_file"
    static let noModules = "PAM is not supported; use scram-sha-256, cert, or rules of an auth_hba_file"

    static let refusedRows: [SettingRow] = [
        SettingRow("auth_ldap_options", .refused(noDirectory, except: [""]), nil),
        SettingRow(
            "dns_zone_check_period",
            .refused(
                "serials of DNS zones are not watched; host names are looked up anew after dns_max_ttl",
                except: ["0", "0.0"]), "0"),
        SettingRow(
            "resolv_conf",
            .refused("host names are looked up by the system's resolver, which has one resolv.conf", except: [""]), "",
            .restart),
        SettingRow("service_name", .refused("it is for services of Windows; use job_name"), nil, .restart),
    ]
}
