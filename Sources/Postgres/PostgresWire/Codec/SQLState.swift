/// A five-character error code: PostgreSQL documentation, "PostgreSQL Error Codes".
package struct SQLState: RawRepresentable, Hashable, Sendable {
    /// Five digits or upper-case letters. Short enough for a String without heap storage.
    package let rawValue: String

    /// Nil unless `rawValue` is five digits or upper-case ASCII letters.
    package init?(rawValue: String) {
        let utf8 = rawValue.utf8
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let letters = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard utf8.count == 5, utf8.allSatisfy({ digits.contains($0) || letters.contains($0) }) else { return nil }
        self.rawValue = rawValue
    }

    private init(known rawValue: StaticString) { self.rawValue = rawValue.description }

    /// First two characters: the kind of condition.
    package var classCode: Substring { rawValue.prefix(2) }
}

extension SQLState: CustomStringConvertible {
    package var description: String { rawValue }
}

extension SQLState {
    /// No error.
    package static let successfulCompletion = SQLState(known: "00000")
    /// No usable connection, without a finer reason.
    package static let connectionException = SQLState(known: "08000")
    /// The connection does not exist.
    package static let connectionDoesNotExist = SQLState(known: "08003")
    /// The connection broke.
    package static let connectionFailure = SQLState(known: "08006")
    /// The client could not connect.
    package static let clientUnableToConnect = SQLState(known: "08001")
    /// The server refused to connect.
    package static let serverRejectedConnection = SQLState(known: "08004")
    /// A message is malformed or comes at the wrong time.
    package static let protocolViolation = SQLState(known: "08P01")

    /// The feature is not supported.
    package static let featureNotSupported = SQLState(known: "0A000")
    /// A number is out of range.
    package static let numericValueOutOfRange = SQLState(known: "22003")
    /// A parameter value is invalid.
    package static let invalidParameterValue = SQLState(known: "22023")
    /// A value breaks a unique constraint.
    package static let uniqueViolation = SQLState(known: "23505")
    /// The statement needs a session without an open transaction.
    package static let activeTransaction = SQLState(known: "25001")
    /// The transaction is read-only.
    package static let readOnlyTransaction = SQLState(known: "25006")
    /// The transaction has failed; only ROLLBACK helps.
    package static let failedTransaction = SQLState(known: "25P02")
    /// The session sat idle in a transaction for too long.
    package static let idleInTransactionTimeout = SQLState(known: "25P03")
    /// No prepared statement of that name.
    package static let invalidStatementName = SQLState(known: "26000")
    /// The user may not log in.
    package static let invalidAuthorization = SQLState(known: "28000")
    /// The password is wrong.
    package static let invalidPassword = SQLState(known: "28P01")
    /// Objects still depend on this one.
    package static let dependentObjectsStillExist = SQLState(known: "2BP01")
    /// No portal of that name.
    package static let invalidCursorName = SQLState(known: "34000")
    /// No database of that name.
    package static let unknownDatabase = SQLState(known: "3D000")
    /// Two transactions could not be put in an order.
    package static let serializationFailure = SQLState(known: "40001")
    /// Two transactions waited for one another.
    package static let deadlockDetected = SQLState(known: "40P01")
    /// The statement is not valid SQL.
    package static let syntaxError = SQLState(known: "42601")
    /// The role lacks a privilege.
    package static let insufficientPrivilege = SQLState(known: "42501")
    /// No such object, for example a role.
    package static let undefinedObject = SQLState(known: "42704")
    /// An object, for example a role or a slot, has that name already.
    package static let duplicateObject = SQLState(known: "42710")
    /// No such table.
    package static let undefinedTable = SQLState(known: "42P01")
    /// A database has that name already.
    package static let duplicateDatabase = SQLState(known: "42P04")
    /// A prepared statement has that name already.
    package static let duplicatePreparedStatement = SQLState(known: "42P05")
    /// A schema has that name already.
    package static let duplicateSchema = SQLState(known: "42P06")
    /// A table has that name already.
    package static let duplicateTable = SQLState(known: "42P07")

    /// The disk is full.
    package static let diskFull = SQLState(known: "53100")
    /// Memory ran out.
    package static let outOfMemory = SQLState(known: "53200")
    /// No connection slot is left.
    package static let tooManyConnections = SQLState(known: "53300")
    /// The object is not in the state the statement needs.
    package static let objectNotInPrerequisiteState = SQLState(known: "55000")
    /// Somebody else uses the object.
    package static let objectInUse = SQLState(known: "55006")
    /// A lock was not free.
    package static let lockNotAvailable = SQLState(known: "55P03")
    /// The statement was cancelled.
    package static let queryCancelled = SQLState(known: "57014")
    /// An administrator ended the session or shuts the server down.
    package static let adminShutdown = SQLState(known: "57P01")
    /// Another process crashed and took this session along.
    package static let crashShutdown = SQLState(known: "57P02")
    /// The server starts, recovers or stops.
    package static let cannotConnectNow = SQLState(known: "57P03")
    /// The session's database was dropped.
    package static let databaseDropped = SQLState(known: "57P04")
    /// The session was idle for too long.
    package static let idleSessionTimeout = SQLState(known: "57P05")
    /// An error of the server itself.
    package static let internalError = SQLState(known: "XX000")
}
