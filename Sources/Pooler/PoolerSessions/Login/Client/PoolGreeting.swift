import Bytes
package import PostgresWire

/// What a pool's servers report at login, as its clients are told it. Made once, so that a client's login copies bytes
/// and shares memory instead of building a dozen of messages.
package struct PoolGreeting: Sendable {
    /// A parameter that a client has a value of its own for.
    struct Own {
        /// Index of the parameter.
        let index: Int
        let value: String
    }

    package let parameters: [SessionParameter]
    /// What a client knows that was told all of them.
    let told: ParameterReports
    /// ParameterStatus of each, in their order.
    private let messages: [UInt8]
    /// Where the message of each ends.
    private let ends: [Int]

    /// Throws `zeroByteInText`.
    package init(_ parameters: [SessionParameter]) throws(WireError) {
        self.parameters = parameters
        var told = ParameterReports()
        var writer = MessageWriter()
        var ends: [Int] = []
        for parameter in parameters {
            told.update(parameter.name, parameter.value)
            try writer.parameterStatus(name: parameter.name, value: parameter.value)
            ends.append(writer.byteCount)
        }
        self.told = told
        self.ends = ends
        messages = writer.take()
    }

    /// Those of a client's settings that are parameters too, in the parameters' order.
    func own(_ settings: [SessionParameter]) -> [Own] {
        settings.compactMap { setting in
            parameters.firstIndex { $0.name == setting.name }.map { Own(index: $0, value: setting.value) }
        }.sorted { $0.index < $1.index }
    }

    /// Appends ParameterStatus of each.
    func appendMessages(_ own: [Own], to output: inout OutputBuffer) {
        messages.withUnsafeBytes { bytes in
            var start = 0
            for item in own {
                output.append(bytes.slice(start, item.index == 0 ? 0 : ends[item.index - 1]))
                output.appendParameterStatus(name: parameters[item.index].name, value: item.value)
                start = ends[item.index]
            }
            output.append(bytes.slice(start, bytes.count))
        }
    }
}
