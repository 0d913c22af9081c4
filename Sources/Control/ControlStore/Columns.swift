import ControlModel
import Foundation
import GRDB

/// How values of the model look in columns, and the checks that several tables share.

extension Date {
    /// Milliseconds since 1970, UTC: what time columns hold. Dates out of any sensible range are clamped.
    var storedMilliseconds: Int64 {
        Int64(min(max(timeIntervalSince1970 * 1000, -1e17), 1e17).rounded())
    }

    init(storedMilliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(storedMilliseconds) / 1000)
    }
}

extension Row {
    func date(_ column: String) -> Date {
        Date(storedMilliseconds: self[column])
    }

    func dateIfPresent(_ column: String) -> Date? {
        (self[column] as Int64?).map(Date.init(storedMilliseconds:))
    }

    /// A column that holds the raw value of an enumeration.
    func enumeration<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
        let text: String = self[column]
        guard let value = Value(rawValue: text) else { throw unreadable(column, text) }
        return value
    }

    func json<Value: Decodable>(_ column: String) throws -> Value {
        let text: String = self[column]
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw unreadable(column, text)
        }
    }

    private func unreadable(_ column: String, _ text: String) -> ServiceError {
        ServiceError(
            .serverError,
            "\(ControlStore.databaseFileName) holds a value that this build cannot read: "
                + "\(column) = \(text.prefix(80))."
        )
    }
}

/// JSON text with its keys in order, so that equal values are equal text.
func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// Runs a statement, and says `refusal` where it meets a value that must be unique.
func refusingDuplicates<Value>(_ refusal: ServiceError, _ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
        throw refusal
    }
}

/// Refuses an empty or too long text, and one with control characters (SQLite would end it at a NUL).
func checkText(_ text: String, named what: String, lengthMax: Int, mayBeEmpty: Bool = false) throws {
    guard mayBeEmpty || !text.isEmpty else { throw ServiceError.unprocessable("\(what) must not be empty") }
    guard text.unicodeScalars.count <= lengthMax else {
        throw ServiceError.unprocessable("\(what) must have at most \(lengthMax) characters")
    }
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
        throw ServiceError.unprocessable("\(what) must not contain control characters")
    }
}

/// Refuses one row too many.
func checkCount(of what: String, inTable table: String, max: Int, _ database: Database) throws {
    let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
    guard count < max else { throw ServiceError.unprocessable("there can be at most \(max) \(what)") }
}
