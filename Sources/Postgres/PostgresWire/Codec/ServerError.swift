/// Kind of a field in an ErrorResponse or NoticeResponse: PostgreSQL documentation, "Error and Notice Message Fields".
///
/// Unknown kinds are kept, as the documentation asks.
package struct ServerErrorFieldKind: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8

    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `S`: severity in the server's language.
    @inlinable package static var localizedSeverity: Self { Self(rawValue: UInt8(ascii: "S")) }
    /// `V`: severity, never translated.
    @inlinable package static var severity: Self { Self(rawValue: UInt8(ascii: "V")) }
    /// `C`: SQLSTATE.
    @inlinable package static var code: Self { Self(rawValue: UInt8(ascii: "C")) }
    /// `M`: one line for a person.
    @inlinable package static var message: Self { Self(rawValue: UInt8(ascii: "M")) }
    /// `D`: more about the message.
    @inlinable package static var detail: Self { Self(rawValue: UInt8(ascii: "D")) }
    /// `H`: what to do about it.
    @inlinable package static var hint: Self { Self(rawValue: UInt8(ascii: "H")) }
    /// `P`: place in the query, counted in characters from 1.
    @inlinable package static var position: Self { Self(rawValue: UInt8(ascii: "P")) }
    /// `p`: place in the internal query.
    @inlinable package static var internalPosition: Self { Self(rawValue: UInt8(ascii: "p")) }
    /// `q`: text of a query that the server made.
    @inlinable package static var internalQuery: Self { Self(rawValue: UInt8(ascii: "q")) }
    /// `W`: call stack of functions and internal queries.
    @inlinable package static var context: Self { Self(rawValue: UInt8(ascii: "W")) }
    /// `s`: schema.
    @inlinable package static var schema: Self { Self(rawValue: UInt8(ascii: "s")) }
    /// `t`: table.
    @inlinable package static var table: Self { Self(rawValue: UInt8(ascii: "t")) }
    /// `c`: column.
    @inlinable package static var column: Self { Self(rawValue: UInt8(ascii: "c")) }
    /// `d`: data type.
    @inlinable package static var dataType: Self { Self(rawValue: UInt8(ascii: "d")) }
    /// `n`: constraint.
    @inlinable package static var constraint: Self { Self(rawValue: UInt8(ascii: "n")) }
    /// `F`: file of the server's source.
    @inlinable package static var file: Self { Self(rawValue: UInt8(ascii: "F")) }
    /// `L`: line of the server's source.
    @inlinable package static var line: Self { Self(rawValue: UInt8(ascii: "L")) }
    /// `R`: routine of the server's source.
    @inlinable package static var routine: Self { Self(rawValue: UInt8(ascii: "R")) }
}

/// How bad an error or how interesting a notice is.
package enum ServerErrorSeverity: String, Hashable, Sendable, CaseIterable {
    /// All sessions end and the server restarts.
    case panic = "PANIC"
    /// This session ends.
    case fatal = "FATAL"
    /// The statement failed.
    case error = "ERROR"
    /// Something that may be a mistake; this and the rest are for notices.
    case warning = "WARNING"
    /// Of interest to the client.
    case notice = "NOTICE"
    /// Of interest to developers.
    case debug = "DEBUG"
    /// Asked for by the client, as by VACUUM VERBOSE.
    case info = "INFO"
    /// Of interest to administrators.
    case log = "LOG"
}

/// What an ErrorResponse or NoticeResponse says, copied out of its message.
///
/// All fields are kept in their order, so an error can be passed on as it came. None is certain to be there: a server
/// may leave out even the code (CVE-2026-6666).
package struct PostgresServerError: Error, Hashable, Sendable {
    /// One field.
    package struct Field: Hashable, Sendable {
        package var kind: ServerErrorFieldKind
        package var value: String

        /// A field of that kind.
        package init(_ kind: ServerErrorFieldKind, _ value: String) {
            self.kind = kind
            self.value = value
        }
    }

    /// All fields in the order received or to be sent.
    package var fields: [Field]

    /// An error with exactly these fields.
    package init(fields: [Field]) {
        self.fields = fields
    }

    /// An error as PostgreSQL writes it: `S`, `V`, `C`, `M` and, if given, `D` and `H`.
    package init(
        severity: ServerErrorSeverity, code: SQLState, message: String, detail: String? = nil, hint: String? = nil
    ) {
        self.fields = [
            Field(.localizedSeverity, severity.rawValue), Field(.severity, severity.rawValue),
            Field(.code, code.rawValue), Field(.message, message),
        ]
        if let detail { fields.append(Field(.detail, detail)) }
        if let hint { fields.append(Field(.hint, hint)) }
    }

    /// First field of a kind, nil without one. O(number of fields).
    package subscript(kind: ServerErrorFieldKind) -> String? {
        fields.first { field in field.kind == kind }?.value
    }

    /// Severity; nil when the server sent none or an unknown one. Falls back to the translated one.
    package var severity: ServerErrorSeverity? {
        (self[.severity] ?? self[.localizedSeverity]).flatMap(ServerErrorSeverity.init(rawValue:))
    }

    /// SQLSTATE; nil when the server sent none or a malformed one.
    package var code: SQLState? { self[.code].flatMap(SQLState.init(rawValue:)) }
    /// One line for a person; empty when the server sent none.
    package var message: String { self[.message] ?? "" }
    /// More about the message.
    package var detail: String? { self[.detail] }
    /// What to do about it.
    package var hint: String? { self[.hint] }

    /// Whether the server closes the connection after this error.
    package var endsSession: Bool { severity == .fatal || severity == .panic }
}

extension PostgresServerError: CustomStringConvertible {
    /// One line: `ERROR 42P04: database "x" already exists (detail) hint`.
    package var description: String {
        var text = "\(self[.severity] ?? self[.localizedSeverity] ?? "ERROR") \(self[.code] ?? "?????"): \(message)"
        if let detail { text += " (\(detail))" }
        if let hint { text += " Hint: \(hint)" }
        return text
    }
}
