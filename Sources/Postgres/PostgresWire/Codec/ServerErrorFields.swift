/// Body of an ErrorResponse or NoticeResponse; a view.
///
/// A list of fields, each a kind byte and a string, ended by a zero byte.
package struct ServerErrorFields: ~Escapable {
    @usableFromInline var reader: WireReader

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: WireReader) {
        self.reader = reader
    }

    /// The first field of a kind, nil without one. O(n). Throws `truncated`, `unterminatedString`.
    @_lifetime(copy self)
    package func first(_ kind: ServerErrorFieldKind) throws(WireError) -> WireText? {
        var reader = reader
        while true {
            let byte = try reader.readUInt8()
            guard byte != 0 else { return nil }
            let value = try reader.readText()
            if byte == kind.rawValue { return value }
        }
    }

    /// A copy of all fields. O(n). Throws `truncated`, `unterminatedString`, `trailingBytes`.
    package func copy() throws(WireError) -> PostgresServerError {
        var reader = reader
        var fields: [PostgresServerError.Field] = []
        while true {
            let byte = try reader.readUInt8()
            guard byte != 0 else { break }
            fields.append(.init(ServerErrorFieldKind(rawValue: byte), try reader.readText().string))
        }
        try reader.finish()
        return PostgresServerError(fields: fields)
    }
}
