@testable import PoolerSessions

extension LoopPooler {
    /// The end of a turn as the shell brings it about: actions are performed, output is delivered, and what was gone is
    /// freed. Both bodies may cause further actions.
    func endTurn(deliver: () -> Void = {}, perform: (PoolerAction) -> Void) {
        takeActions(perform)
        takeDueSends { _ in }
        deliver()
        endTurn()
        takeActions(perform)
        takeDueSends { _ in }
    }

    private func takeActions(_ perform: (PoolerAction) -> Void) {
        while !actions.isEmpty {
            let taken = actions
            actions.removeAll()
            for action in taken { perform(action) }
        }
    }
}
