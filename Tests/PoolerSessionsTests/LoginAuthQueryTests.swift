// What auth_query asks and how its answer is read.

import Bytes
import PoolerSessions
import PostgresWire
import Testing

@Suite struct LoginAuthQueryTests {
    private func answer(_ bytes: [UInt8], pieceByteCount: Int? = nil) -> AuthQuery.Event {
        var query = AuthQuery()
        var last = AuthQuery.Event.needsBytes
        for piece in Login.pieces(bytes, pieceByteCount) {
            last = piece.withUnsafeBytes { query.receive($0) }
            if last != .needsBytes { break }
        }
        return last
    }

    private func rows(_ rows: [[String?]], columnCount: Int = 2) throws -> [UInt8] {
        let column = ColumnDescription(name: "c", typeID: 25)
        return [0x31, 0, 0, 0, 4, 0x32, 0, 0, 0, 4]
            + (try Login.written {
                try $0.rowDescription(Array(repeating: column, count: columnCount))
                for row in rows { try $0.dataRow(row) }
                try $0.commandComplete(tag: "SELECT \(rows.count)")
                $0.readyForQuery(.idle)
            })
    }

    @Test func questionIsParameterised() throws {
        var query = AuthQuery()
        var output = OutputBuffer()
        try query.start(user: "o'hara", into: &output)
        let expected = try Login.written {
            try $0.parse(sql: AuthQuery.defaultText)
            try $0.bind(parameters: [Array("o'hara".utf8)])
            try $0.describe(.portal)
            try $0.execute()
            $0.sync()
        }
        #expect(output.readable.array == expected)
    }

    @Test(
        arguments: [
            ("s3cret", .plain("s3cret")),
            ("md5d0f0c0d0f0c0d0f0c0d0f0c0d0f0c0d0", .md5("md5d0f0c0d0f0c0d0f0c0d0f0c0d0f0c0d0")),
            (nil, .unusable), ("", .unusable), ("md5", .plain("md5")),
        ] as [(String?, StoredSecret)])
    func rowIsUserAndSecret(_ text: String?, _ secret: StoredSecret) throws {
        let bytes = try rows([["alice", text]])
        for pieceByteCount in [nil, 1] {
            #expect(answer(bytes, pieceByteCount: pieceByteCount) == .answered(.found(user: "alice", secret)))
        }
    }

    @Test func noRowIsNoUser() throws {
        #expect(answer(try rows([])) == .answered(.noSuchUser))
    }

    /// An unusable secret is one that no password fits: an expired user cannot come in.
    @Test func expiredUserCannotLogIn() throws {
        for method in [.plain, .md5, .scram] as [AuthenticationPlan.Method] {
            let login = LoginUnderTest(
                AuthenticationPlan(method, .lookUp), lookup: .found(user: "alice", StoredSecret(nil)))
            try Login.run(login, password: "md5")
            #expect(login.failure?.code == .invalidPassword)
        }
    }

    @Test func strangeAnswersAreTheOperatorsMatter() throws {
        for (bytes, detail) in [
            (try rows([["a"]], columnCount: 1), "expected 2 columns from auth_query, not 1"),
            (try rows([["a", "b", "c"]], columnCount: 3), "expected 2 columns from auth_query, not 3"),
            (try rows([[nil, "x"]]), "auth_query response contained null user name"),
            (try rows([["a", "x"], ["b", "y"]]), "auth_query returned more than one row"),
            (
                try rows([[String(repeating: "u", count: 128), "x"]]),
                "auth_query response contained a user name of 128 bytes"
            ),
        ] {
            guard case .answered(.failed(let failure)) = answer(bytes) else {
                Issue.record("\(detail)")
                continue
            }
            #expect(failure.message == "bouncer config error")
            #expect(failure.detail == detail)
        }
    }

    @Test func errorLeavesTheSessionUsable() throws {
        let error = PostgresServerError(severity: .error, code: .undefinedTable, message: "relation does not exist")
        let bytes = try Login.written {
            try $0.errorResponse(error)
            $0.readyForQuery(.idle)
        }
        #expect(answer(bytes) == .queryFailed(error))
        let fatal = try Login.written {
            try $0.errorResponse(PostgresServerError(severity: .fatal, code: .adminShutdown, message: "bye"))
        }
        #expect(answer(fatal) == .broken("server closes the session: bye"))
    }

    @Test func unexpectedMessagesBreakTheSession() throws {
        let begun = Login.written { $0.readyForQuery(.inTransaction) }
        #expect(answer(begun) == .broken("auth_query left a transaction open"))
        let copy = try Login.written { try $0.copyInResponse(format: .text, columnFormats: []) }
        #expect(answer(copy) == .broken("unexpected response from auth_query"))
        guard case .broken = answer([0x44, 0, 0, 0, 6, 0, 2]) else {
            Issue.record("a row without its columns")
            return
        }
    }
}
