// After the first ReadyForQuery.

extension ClientSession {
    /// A message other than those that may come at any time.
    mutating func handleAfterLogin(
        _ message: BackendMessage, type: UInt8, _ events: inout [ClientSessionEvent]
    ) throws(ClientSessionError) {
        guard case .busy(let queryCount) = phase else { throw .unexpectedMessage(type: type) }
        switch message {
        case .readyForQuery(let status):
            phase = queryCount > 1 ? .busy(queryCount: queryCount - 1) : .idle
            events.append(.ready(status))
        case .copyInResponse:
            let refusal = try ClientSession.written { (writer) throws(WireError) in
                try writer.copyFail(reason: "COPY FROM STDIN is not supported by this client")
            }
            events.append(.send(refusal))
        case .copyBothResponse:
            throw .copyBothUnsupported
        default:
            let event: ClientSessionEvent?
            do throws(WireError) { event = try ClientSession.resultEvent(message) } catch { throw .wire(error) }
            guard let event else { throw .unexpectedMessage(type: type) }
            events.append(event)
        }
    }

    /// What a message of a query's result says, nil for any other message.
    private static func resultEvent(_ message: BackendMessage) throws(WireError) -> ClientSessionEvent? {
        switch message {
        case .rowDescription(let description): .rowDescription(try description.copy())
        case .dataRow(let row): .row(try values(row))
        case .commandComplete(let complete): .commandComplete(tag: complete.tag.string)
        case .emptyQueryResponse: .emptyQuery
        case .copyOutResponse: .copyOut
        case .copyData(let data): .copyData(Array(wire: data.bytes))
        case .copyDone: .copyDone
        default: nil
        }
    }

    private static func values(_ row: DataRow) throws(WireError) -> [String?] {
        try row.validate()
        var values: [String?] = []
        values.reserveCapacity(row.columnCount)
        var columns = row.columns
        while let column = try columns.next() { values.append(column.string) }
        return values
    }
}
