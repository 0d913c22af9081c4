package import Bytes

/// What the console answers one statement with. All of it ends with ReadyForQuery.
package enum ConsoleAnswer: Sendable, Equatable {
    /// It is done.
    case done(tag: String)
    /// A report; rows in text form, nil for null.
    case rows(ConsoleReport, [[String?]])
    /// A row that some clients insist on seeing: a setting that the console does not have.
    case setting(name: String, value: String)
    /// Done, with something to say about it.
    case notice(String, detail: String? = nil, tag: String)
    /// It was not done.
    case failure(code: String, String)

    /// An error with the code that PgBouncer has for nearly all.
    static func failure(_ message: String) -> Self { .failure(code: "08P01", message) }

    /// What the log says of it; nil for success.
    package var failureMessage: String? {
        if case .failure(_, let message) = self { message } else { nil }
    }

    /// Appends the messages.
    package func write(into output: inout OutputBuffer) {
        switch self {
        case .done(let tag): output.appendMessage(UInt8(ascii: "C"), text: tag)
        case .rows(let report, let rows):
            Self.write(report.columns, rows, into: &output)
            output.appendMessage(UInt8(ascii: "C"), text: "SHOW")
        case .setting(let name, let value):
            Self.write([ConsoleColumn(name: name, kind: .text)], [[value]], into: &output)
            output.appendMessage(UInt8(ascii: "C"), text: "SHOW")
        case .notice(let text, let detail, let tag):
            output.appendReport(
                UInt8(ascii: "N"), severity: "NOTICE", code: "00000", message: text, detail: detail)
            output.appendMessage(UInt8(ascii: "C"), text: tag)
        case .failure(let code, let message):
            output.appendReport(UInt8(ascii: "E"), severity: "ERROR", code: code, message: message)
        }
        output.appendReadyForQuery(UInt8(ascii: "I"))
    }

    /// RowDescription, and a DataRow for each row.
    private static func write(_ columns: [ConsoleColumn], _ rows: [[String?]], into output: inout OutputBuffer) {
        output.appendHeader(UInt8(ascii: "T"), bodyByteCount: columns.reduce(2) { $0 + $1.name.utf8.count + 19 })
        output.append(word16: columns.count)
        for column in columns {
            output.append(column.name)
            output.append(byte: 0)
            // No table, no number of a column of one.
            output.append(word32: 0)
            output.append(word16: 0)
            output.append(word32: column.kind.rawValue)
            output.append(word16: column.kind.byteCount)
            // No modifier; values in text form.
            output.append(word32: -1)
            output.append(word16: 0)
        }
        for row in rows { write(row, into: &output) }
    }

    private static func write(_ row: [String?], into output: inout OutputBuffer) {
        output.appendHeader(UInt8(ascii: "D"), bodyByteCount: row.reduce(2) { $0 + 4 + ($1?.utf8.count ?? 0) })
        output.append(word16: row.count)
        for value in row {
            output.append(word32: value?.utf8.count ?? -1)
            if let value { output.append(value) }
        }
    }
}
