/// `T`: the columns of the rows to come; a view.
package struct RowDescription: ~Escapable {
    /// Number of columns.
    package let columnCount: Int
    @usableFromInline let reader: WireReader

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.columnCount = Int(try reader.readUInt16())
        self.reader = WireReader(reader.rest)
    }

    /// Walks the columns from the first.
    package var columns: ColumnDescriptionReader {
        @_lifetime(copy self)
        get { ColumnDescriptionReader(reader, count: columnCount) }
    }

    /// A copy. O(n). Throws any length error and `trailingBytes`.
    package func copy() throws(WireError) -> [ColumnDescription] {
        var columns = columns
        var copy: [ColumnDescription] = []
        while let column = try columns.next() { copy.append(column.copy) }
        try columns.reader.finish()
        return copy
    }
}

/// Walks the columns of a RowDescription.
package struct ColumnDescriptionReader: ~Escapable {
    var reader: WireReader
    var remainingCount: Int

    @_lifetime(copy reader)
    init(_ reader: WireReader, count: Int) {
        self.reader = reader
        self.remainingCount = count
    }

    /// The next column, nil after the last one. Throws `truncated`, `unterminatedString`.
    @_lifetime(copy self)
    package mutating func next() throws(WireError) -> ColumnDescriptionView? {
        guard remainingCount > 0 else { return nil }
        remainingCount -= 1
        return try ColumnDescriptionView(&reader)
    }
}

/// One column inside a RowDescription; a view. Fields as in `ColumnDescription`.
package struct ColumnDescriptionView: ~Escapable {
    /// Name.
    package let name: WireText
    /// Table the column is of.
    package let tableID: UInt32
    /// Number of the column in that table.
    package let attributeNumber: Int16
    /// Type.
    package let typeID: UInt32
    /// Length of the type.
    package let typeByteCount: Int16
    /// Modifier of the type.
    package let typeModifier: Int32
    /// Format of the values.
    package let format: WireFormat

    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.name = try reader.readText()
        self.tableID = try reader.readUInt32()
        self.attributeNumber = try reader.readInt16()
        self.typeID = try reader.readUInt32()
        self.typeByteCount = try reader.readInt16()
        self.typeModifier = try reader.readInt32()
        self.format = WireFormat(rawValue: try reader.readInt16())
    }

    /// A copy. O(length of the name).
    package var copy: ColumnDescription {
        ColumnDescription(
            name: name.string, typeID: typeID, typeByteCount: typeByteCount, typeModifier: typeModifier,
            tableID: tableID, attributeNumber: attributeNumber, format: format)
    }
}

/// One column of a result.
package struct ColumnDescription: Hashable, Sendable {
    /// Name.
    package var name: String
    /// Table the column is of, 0 for an expression.
    package var tableID: UInt32
    /// Number of the column in that table, 0 for an expression.
    package var attributeNumber: Int16
    /// Type, as `pg_type.oid`.
    package var typeID: UInt32
    /// Length of the type in bytes, -1 if it varies (`pg_type.typlen`).
    package var typeByteCount: Int16
    /// Modifier of the type, -1 without one (`pg_attribute.atttypmod`).
    package var typeModifier: Int32
    /// Format of the values; in answer to Describe of a statement always text.
    package var format: WireFormat

    /// A column; by default a `text` (25) that comes of no table.
    package init(
        name: String, typeID: UInt32 = 25, typeByteCount: Int16 = -1, typeModifier: Int32 = -1, tableID: UInt32 = 0,
        attributeNumber: Int16 = 0, format: WireFormat = .text
    ) {
        self.name = name
        self.tableID = tableID
        self.attributeNumber = attributeNumber
        self.typeID = typeID
        self.typeByteCount = typeByteCount
        self.typeModifier = typeModifier
        self.format = format
    }
}
