/// Why a file or payload was not read.
package struct RDBFailure: Error {
    /// What kind of failure it is.
    package enum Reason: Sendable {
        /// The bytes end where more should follow.
        case truncated
        /// The bytes contradict themselves.
        case corrupt
        /// Something that only other versions, or modules, know.
        case unsupported
        /// The operating system reported an error: `number` is its.
        case system
        /// The checksum at the end is another one.
        case checksum
        /// The caller wanted no more.
        case cancelled
    }

    package let reason: Reason
    /// What is wrong; `number` follows it where it is not nil.
    let text: StaticString
    package let number: Int64?
    /// Bytes from the start, about.
    package let offset: Int

    init(_ reason: Reason, _ text: StaticString, number: Int64? = nil, offset: Int) {
        self.reason = reason
        self.text = text
        self.number = number
        self.offset = offset
    }

    /// What is wrong, in words.
    package var description: String { "\(text)\(number.map { " \($0)" } ?? "")" }
    /// What is wrong and where.
    package var message: String { "\(description) at byte \(offset)" }
}
