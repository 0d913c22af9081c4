/// Every command of Redis 7.2, whether built here or not, and newer ones that are: what COMMAND tells, what a
/// client may run when, and where the keys of a command line are, all comes from these rows.
package enum CommandTable {
    /// The commands, group by group, in the order of their names within a group.
    package static let rows: [CommandRow] = [
        stringRows, bitmapRows, hyperLogLogRows, listRows, setRows, sortedSetRows, hashRows, streamRows, geoRows,
        genericRows, pubSubRows, transactionRows, connectionRows, serverRows, scriptingRows, clusterRows,
    ].flatMap { $0 }

    /// The row of a name in any case; for a subcommand the name is `container|subcommand`. Not for hot paths.
    package static func row(named name: String) -> CommandRow? {
        let parts = name.lowercased().split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let row = rows.first(where: { $0.name == first }) else { return nil }
        guard parts.count == 2 else { return row }
        return row.subcommands.first { $0.name == parts[1] }
    }
}
