/// The processors that a …_cpulist names: numbers and ranges with a step, as taskset takes them ("0,2-3,8-14:2").
struct ProcessorList: Equatable {
    /// Numbers above are refused: the kernel's set of processors has no more (CPU_SETSIZE).
    private static let processorMax = 1023

    /// Each once, in order.
    let processors: [Int32]

    /// Nil when the text is none.
    init?(_ text: String) {
        var found: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let stepped = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let bounds = stepped[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = Self.number(bounds[0]), let last = Self.number(bounds[bounds.count - 1]),
                let step = stepped.count > 1 ? Self.number(stepped[1]) : 1,
                first <= last, last <= Self.processorMax, step > 0, stepped.count == 1 || bounds.count == 2
            else { return nil }
            found.formUnion(stride(from: first, through: last, by: step))
        }
        processors = found.sorted().map(Int32.init)
    }

    private static func number(_ text: Substring) -> Int? {
        text.allSatisfy(\.isNumber) ? Int(text) : nil
    }
}
