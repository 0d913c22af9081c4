import ControlModel
import Testing

@testable import ControlReconciler

@Suite("Cluster planner")
struct ClusterPlannerTests {
    /// Everything that a decision depends on.
    struct Situation: Sendable, CustomTestStringConvertible {
        var state = ClusterState.online
        var isInitialized = true
        var server = ClusterObservation.Server.ready
        var isPrepared = true
        var hasData = true
        var isApplied = true
        var needsRestart = false
        var hasRemains = true

        var step: ClusterStep {
            ClusterPlanner.nextStep(
                wanted: .sample(state: state, isInitialized: isInitialized),
                observed: ClusterObservation(
                    isPrepared: isPrepared, hasData: hasData, server: server, isConfigurationApplied: isApplied,
                    needsRestart: needsRestart, hasRemains: hasRemains))
        }

        var testDescription: String {
            "\(state), server \(server), initialized \(isInitialized), prepared \(isPrepared), data \(hasData), "
                + "applied \(isApplied), restart \(needsRestart), remains \(hasRemains)"
        }

        /// Every combination there is.
        static var all: [Situation] {
            var all: [Situation] = []
            for state in ClusterState.allCases {
                for server in [ClusterObservation.Server.stopped, .starting, .ready, .unwatched] {
                    for bits in 0..<64 {
                        all.append(
                            Situation(
                                state: state, isInitialized: bits & 1 != 0, server: server, isPrepared: bits & 2 != 0,
                                hasData: bits & 4 != 0, isApplied: bits & 8 != 0, needsRestart: bits & 16 != 0,
                                hasRemains: bits & 32 != 0))
                    }
                }
            }
            return all
        }
    }

    /// A step without its words.
    enum Kind: Sendable, Equatable {
        case prepare, initialize, start, wait, bootstrap, applyConfiguration, stop, removeRemains, removeRecord
        case markOnline, rest, fail

        init(_ step: ClusterStep) {
            self =
                switch step {
                case .prepare: .prepare
                case .initialize: .initialize
                case .start: .start
                case .await: .wait
                case .bootstrap: .bootstrap
                case .applyConfiguration: .applyConfiguration
                case .stop: .stop
                case .removeRemains: .removeRemains
                case .removeRecord: .removeRecord
                case .markOnline: .markOnline
                case .rest: .rest
                case .fail: .fail
                }
        }
    }

    /// The rules in their order: the first that holds decides. The last one always holds.
    private static let rules: [(kind: Kind, holds: @Sendable (Situation) -> Bool)] = [
        (.stop, { $0.state == .deleting && ($0.server == .ready || $0.server == .starting) }),
        (.wait, { $0.state == .deleting && $0.server == .unwatched }),
        (.removeRemains, { $0.state == .deleting && $0.hasRemains }),
        (.removeRecord, { $0.state == .deleting }),
        (.prepare, { !$0.isPrepared }),
        (.initialize, { !$0.isInitialized }),
        (.fail, { !$0.hasData }),
        (.wait, { $0.server == .unwatched || $0.server == .starting }),
        (.start, { $0.server == .stopped }),
        (.stop, { $0.needsRestart }),
        (.bootstrap, { $0.state == .creating }),
        (.applyConfiguration, { !$0.isApplied }),
        (.markOnline, { $0.state == .offline }),
        (.rest, { _ in true }),
    ]

    @Test("Every combination of state, server and flags leads where the rules say")
    func table() {
        let all = Situation.all
        #expect(all.count == 1024)
        for situation in all {
            let expected = Self.rules.first { $0.holds(situation) }?.kind
            #expect(Kind(situation.step) == expected, "\(situation.testDescription)")
        }
    }

    static let named: [(String, Situation, Kind)] = [
        (
            "a new cluster is prepared first",
            Situation(
                state: .creating, isInitialized: false, server: .stopped, isPrepared: false, hasData: false,
                isApplied: false, hasRemains: false), .prepare
        ),
        (
            "then it is initialised",
            Situation(state: .creating, isInitialized: false, server: .stopped, hasData: false, isApplied: false),
            .initialize
        ),
        (
            "initdb that was killed runs again, whatever it left",
            Situation(state: .creating, isInitialized: false, server: .stopped, isApplied: false), .initialize
        ),
        ("an initialised one starts", Situation(state: .creating, server: .stopped, isApplied: false), .start),
        ("one that starts is waited for", Situation(state: .creating, server: .starting), .wait),
        ("one that serves for the first time is set up", Situation(state: .creating), .bootstrap),
        ("all is well", Situation(), .rest),
        ("new settings are loaded", Situation(isApplied: false), .applyConfiguration),
        ("a restart that is due comes before anything else", Situation(isApplied: false, needsRestart: true), .stop),
        ("an adopted server is prepared without a stop", Situation(isPrepared: false, isApplied: false), .prepare),
        ("a server that is back is shown as online", Situation(state: .offline), .markOnline),
        (
            "one back with old settings gets them first", Situation(state: .offline, isApplied: false),
            .applyConfiguration
        ),
        ("a crashed server starts again", Situation(server: .stopped, isApplied: false), .start),
        ("a server without a watcher is left to end", Situation(server: .unwatched), .wait),
        ("a lost disk is never written over", Situation(state: .offline, server: .stopped, hasData: false), .fail),
        ("nor while creating", Situation(state: .creating, server: .stopped, hasData: false), .fail),
        ("deletion stops the server first", Situation(state: .deleting), .stop),
        ("also one that only starts", Situation(state: .deleting, server: .starting), .stop),
        ("and waits for one that nobody watches", Situation(state: .deleting, server: .unwatched), .wait),
        ("then the files go", Situation(state: .deleting, server: .stopped), .removeRemains),
        ("and the row last", Situation(state: .deleting, server: .stopped, hasRemains: false), .removeRecord),
        (
            "a cluster deleted before it was made has only its row",
            Situation(
                state: .deleting, isInitialized: false, server: .stopped, isPrepared: false, hasData: false,
                isApplied: false, hasRemains: false), .removeRecord
        ),
    ]

    @Test("Cases from a cluster's life", arguments: named)
    func lives(what: String, situation: Situation, expected: Kind) {
        #expect(Kind(situation.step) == expected, "\(what)")
    }

    @Test("What is waited for and what cannot be mended is said in words")
    func reasons() {
        #expect(Situation(server: .starting).step == .await("the server is starting"))
        #expect(Situation(server: .unwatched).step == .await("the server is shutting down, its watcher was killed"))
        guard case .fail(let reason) = Situation(server: .stopped, hasData: false).step else {
            Issue.record("no failure")
            return
        }
        #expect(reason.contains("data directory is missing") && reason.contains("mount"))
    }
}
