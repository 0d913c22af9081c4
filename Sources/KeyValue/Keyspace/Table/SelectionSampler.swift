/// Chooses some of a known number of items that are met one after the other: every choice has the same chance.
///
/// Source: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
package struct SelectionSampler {
    /// Items that are still to be chosen.
    package private(set) var wanted: Int
    /// Items that are still to be met.
    private var ahead: Int

    package init(wanted: Int, of total: Int) {
        self.wanted = min(wanted, total)
        ahead = total
    }

    package var isDone: Bool { wanted <= 0 }

    /// Whether the item that is met now is chosen.
    package mutating func takesNext(using random: inout FastRandom) -> Bool {
        guard wanted > 0, ahead > 0 else { return false }
        let takes = wanted >= ahead || random.below(ahead) < wanted
        ahead -= 1
        if takes { wanted -= 1 }
        return takes
    }
}
