/// A column of a report: its name and its type, of which clients make values.
struct ConsoleColumn: Sendable, Equatable {
    /// Types by PostgreSQL's numbers (pg_type.dat).
    enum Kind: Int, Sendable {
        case bytes = 17
        case bigInteger = 20
        case integer = 23
        case text = 25
        case number = 1700

        /// `pg_type.typlen`; -1 for values of any length.
        var byteCount: Int {
            switch self {
            case .bigInteger: 8
            case .integer: 4
            case .bytes, .text, .number: -1
            }
        }
    }

    let name: String
    let kind: Kind
}
