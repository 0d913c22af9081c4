extension ListPack {
    /// A random element; with a stride of 2, a random field of a hash. Nil if there is none.
    package func randomPosition(stride: Int = 1, using random: inout some RandomNumberGenerator) -> Position? {
        let groups = count / stride
        guard groups > 0 else { return nil }
        return position(atIndex: Int.random(in: 0..<groups, using: &random) * stride)
    }

    /// One step of choosing elements without repetition in one pass: the next one chosen, from the candidate at the
    /// position with that index on, of which `remaining` are still to be chosen. The caller goes on behind it with one
    /// fewer remaining.
    ///
    /// Source: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
    package func nextRandom(
        _ position: Position, index: inout Int, remaining: Int, stride: Int = 1,
        using random: inout some RandomNumberGenerator
    ) -> Position? {
        guard remaining > 0 else { return nil }
        let total = count
        var candidate: Position? = position
        while let here = candidate, index < total {
            guard index % stride == 0 else {
                candidate = next(here)
                index += 1
                continue
            }
            let available = (total - index + stride - 1) / stride
            if remaining >= available || Int.random(in: 0..<available, using: &random) < remaining { return here }
            candidate = next(here)
            index += 1
        }
        return nil
    }
}
