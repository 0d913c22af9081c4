/// One resolution of a stored series: a point each so many seconds, kept so long.
package struct MetricResolution: Hashable, Sendable {
    /// The seconds between points. A point's time is the start of its step and a multiple of it.
    package let stepSeconds: Int
    /// How long points are kept.
    package let keptSeconds: Int

    /// Makes a resolution.
    package init(stepSeconds: Int, keptSeconds: Int) {
        self.stepSeconds = stepSeconds
        self.keptSeconds = keptSeconds
    }
}

/// Decides what becomes of stored series as time goes by: which points to average into which coarser resolution and
/// what to delete. Only the decision is here; whoever holds the rows carries it out, in the order given, in one
/// transaction, and remembers how far each resolution has got. Doing the same plan twice changes nothing.
///
/// ```
/// 15 s points, 6 h ──average──▶ 1 min, 48 h ──average──▶ 10 min, 30 days
/// ```
///
/// Times are Unix seconds. A window is half open: `from` is in it, `until` is not.
package struct MetricRollUp: Sendable {
    /// What Atoll keeps.
    package static let standard = MetricRollUp([
        MetricResolution(stepSeconds: 15, keptSeconds: 6 * 3_600),
        MetricResolution(stepSeconds: 60, keptSeconds: 48 * 3_600),
        MetricResolution(stepSeconds: 600, keptSeconds: 30 * 86_400),
    ])

    /// "Average the source's points of this window into one point for each step of the target."
    package struct Aggregation: Equatable, Sendable {
        /// The resolution to read.
        package let source: MetricResolution
        /// The resolution to write.
        package let target: MetricResolution
        /// The window's start, a multiple of the target's step.
        package let from: Int
        /// The window's end, a multiple of the target's step: the target is complete up to here afterwards.
        package let until: Int
    }

    /// "Delete the points of this resolution that are older."
    package struct Deletion: Equatable, Sendable {
        /// The resolution to delete from.
        package let resolution: MetricResolution
        /// Points before this moment go.
        package let before: Int
    }

    /// What to do now: first the aggregations, in order, then the deletions.
    package struct Plan: Equatable, Sendable {
        /// Finest source first, so that a coarser one finds its points written.
        package let aggregations: [Aggregation]
        /// Never a point that is still to be averaged.
        package let deletions: [Deletion]
    }

    /// The resolutions, finest first.
    package let resolutions: [MetricResolution]

    /// Makes a table. Each step must be a multiple of the one before, each must be kept for at least one step of the
    /// next, and longer than the one before: anything else is a programmer's mistake.
    package init(_ resolutions: [MetricResolution]) {
        precondition(resolutions.allSatisfy { $0.stepSeconds > 0 && $0.keptSeconds >= $0.stepSeconds })
        for (finer, coarser) in zip(resolutions, resolutions.dropFirst()) {
            precondition(coarser.stepSeconds > finer.stepSeconds && coarser.stepSeconds % finer.stepSeconds == 0)
            precondition(coarser.keptSeconds > finer.keptSeconds && finer.keptSeconds >= coarser.stepSeconds)
        }
        self.resolutions = resolutions
    }

    /// The work at a moment.
    ///
    /// - Parameters:
    ///   - now: the present, in Unix seconds.
    ///   - completeUntil: for each target's step, how far it is already complete (the `until` of its last
    ///     aggregation); a step that is missing has nothing yet.
    ///
    /// A step is averaged once it is over and one source step more has passed, so that a late point still counts.
    /// After a pause (the machine was off) the window reaches back as far as it must, and old points wait for it.
    package func plan(at now: Int, completeUntil: [Int: Int] = [:]) -> Plan {
        var aggregations: [Aggregation] = []
        var deletions: [Deletion] = []
        // How far the source's points are final: for the finest, all of the past.
        var sourceComplete = now
        for (source, target) in zip(resolutions, resolutions.dropFirst()) {
            let oldestKept = Self.roundedDown(now - source.keptSeconds, to: target.stepSeconds)
            let from = Self.roundedDown(completeUntil[target.stepSeconds] ?? oldestKept, to: target.stepSeconds)
            let settled = min(now - source.stepSeconds, sourceComplete)
            let until = Self.roundedDown(settled, to: target.stepSeconds)
            if from < until {
                aggregations.append(Aggregation(source: source, target: target, from: from, until: until))
            }
            let complete = max(from, until)
            deletions.append(Deletion(resolution: source, before: min(now - source.keptSeconds, complete)))
            sourceComplete = complete
        }
        if let coarsest = resolutions.last {
            deletions.append(Deletion(resolution: coarsest, before: now - coarsest.keptSeconds))
        }
        return Plan(aggregations: aggregations, deletions: deletions)
    }

    /// The finest resolution that still has the whole period and needs no more than so many points for it; the
    /// coarsest where none does.
    package func resolution(from: Int, until: Int, at now: Int, pointsMax: Int) -> MetricResolution? {
        let fitting = resolutions.first { resolution in
            from >= now - resolution.keptSeconds && (until - from) / resolution.stepSeconds <= pointsMax
        }
        return fitting ?? resolutions.last
    }

    private static func roundedDown(_ moment: Int, to step: Int) -> Int {
        let remainder = moment % step
        return moment - (remainder < 0 ? remainder + step : remainder)
    }
}
