package import Foundation

/// One measured value, to be stored.
package struct MetricPoint: Sendable, Equatable {
    /// Empty for the machine itself.
    package var clusterID: String
    package var name: String
    /// The labels as canonical text; equal labels are equal text.
    package var labels: String
    package var value: Double

    package init(clusterID: String, name: String, labels: String = "", value: Double) {
        self.clusterID = clusterID
        self.name = name
        self.labels = labels
        self.value = value
    }
}

/// What a series was like in one step of time.
package struct MetricSample: Sendable, Equatable {
    /// When the step begins.
    package var at: Date
    package var average: Double
    package var minimum: Double
    package var maximum: Double

    package init(at: Date, average: Double, minimum: Double, maximum: Double) {
        self.at = at
        self.average = average
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// The history of one metric with one set of labels.
package struct MetricSeries: Sendable, Equatable {
    package var labels: String
    /// Length of a step; steps without a measurement are left out.
    package var stepSeconds: Int
    /// Oldest first.
    package var samples: [MetricSample]

    package init(labels: String, stepSeconds: Int, samples: [MetricSample]) {
        self.labels = labels
        self.stepSeconds = stepSeconds
        self.samples = samples
    }
}

/// One of the tables of points: how coarse it is, and how long its points are kept.
enum MetricResolution: CaseIterable {
    case fifteenSeconds
    case oneMinute
    case tenMinutes

    var table: String {
        switch self {
        case .fifteenSeconds: "metric_points_15s"
        case .oneMinute: "metric_points_1min"
        case .tenMinutes: "metric_points_10min"
        }
    }

    var seconds: Int {
        switch self {
        case .fifteenSeconds: 15
        case .oneMinute: 60
        case .tenMinutes: 600
        }
    }

    var retentionSeconds: Int {
        switch self {
        case .fifteenSeconds: 6 * 3600
        case .oneMinute: 48 * 3600
        case .tenMinutes: 30 * 86400
        }
    }

    /// The one that this one is made from.
    var finer: MetricResolution? {
        switch self {
        case .fifteenSeconds: nil
        case .oneMinute: .fifteenSeconds
        case .tenMinutes: .oneMinute
        }
    }

    /// The one that is made from this one.
    var coarser: MetricResolution? {
        switch self {
        case .fifteenSeconds: .oneMinute
        case .oneMinute: .tenMinutes
        case .tenMinutes: nil
        }
    }

    /// The beginning of the bucket in which a second lies.
    func bucket(of second: Int) -> Int {
        second - ((second % seconds) + seconds) % seconds
    }
}
