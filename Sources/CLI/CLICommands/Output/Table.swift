/// Rows in aligned columns, under a header in capitals. Nothing is cut off, whatever the width of the terminal.
package struct Table: Sendable, Equatable {
    package var columns: [String]
    package var rows: [[String]]

    package init(_ columns: [String], _ rows: [[String]]) {
        precondition(rows.allSatisfy { $0.count == columns.count }, "a row has as many cells as there are columns")
        self.columns = columns
        self.rows = rows
    }

    /// One object, a field a line.
    package init(fields: [(String, String)]) {
        self.init(["field", "value"], fields.map { [$0.0, $0.1] })
    }

    /// Lines without blanks at their ends, joined by newlines. An empty cell reads "-", so that columns can be counted.
    package func rendered() -> String {
        let header = columns.map { $0.uppercased() }
        let cells = [header] + rows.map { $0.map { $0.isEmpty ? "-" : $0.printable } }
        let widths = columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { Self.line($0, widths) }.joined(separator: "\n")
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        zip(cells, widths).enumerated().map { index, pair in
            let (cell, width) = pair
            let isLast = index == cells.count - 1
            return isLast ? cell : cell + String(repeating: " ", count: width - cell.count + 2)
        }.joined()
    }
}

extension String {
    /// The text on one line and without control characters, which could drive a terminal.
    package var printable: String {
        guard unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
