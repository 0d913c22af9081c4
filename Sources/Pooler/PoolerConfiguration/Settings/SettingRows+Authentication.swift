// How clients prove who they are. `SettingRow` says what each part of a row means.

extension SettingTable {
    private static let defaultQuery =
        "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid "
        + "WHERE rolname=$1 AND rolcanlogin"

    static let authenticationRows: [SettingRow] = [
        SettingRow(
            "auth_dbname",
            .optionalText(
                \.authenticationDatabase,
                check: { name throws(ValueProblem) in
                    guard name == DatabaseEntry.consoleName else { return }
                    throw ValueProblem("cannot use the reserved \"\(name)\" database as an auth_dbname")
                }), nil),
        SettingRow("auth_file", .optionalText(\.authenticationFile), nil),
        SettingRow("auth_hba_file", .optionalText(\.authenticationHostRulesFile), ""),
        SettingRow("auth_ident_file", .optionalText(\.authenticationIdentityMapFile), nil),
        SettingRow("auth_query", .text(\.authenticationQuery), defaultQuery),
        SettingRow(
            "auth_type", .choice(\.authenticationType, refusing: ["ldap": noDirectory, "pam": noModules]), "md5"),
        SettingRow("auth_user", .optionalText(\.authenticationUser), nil),
        SettingRow("scram_iterations", .integer(\.scramIterations, 1...ConfigurationLimits.integerMax), "4096"),
    ]
}
