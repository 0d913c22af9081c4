/// The one region of this machine is offered under every slug that DigitalOcean's clients may ask for, so that their
/// scripts run unchanged; a cluster keeps the slug it was created with.
package struct Region: Sendable, Equatable {
    package var slug: String
    package var name: String

    package static let all: [Region] = [
        Region(slug: "nyc1", name: "New York 1"), Region(slug: "nyc2", name: "New York 2"),
        Region(slug: "nyc3", name: "New York 3"), Region(slug: "ams3", name: "Amsterdam 3"),
        Region(slug: "atl1", name: "Atlanta 1"), Region(slug: "blr1", name: "Bangalore 1"),
        Region(slug: "fra1", name: "Frankfurt 1"), Region(slug: "lon1", name: "London 1"),
        Region(slug: "ric1", name: "Richmond 1"), Region(slug: "sfo2", name: "San Francisco 2"),
        Region(slug: "sfo3", name: "San Francisco 3"), Region(slug: "sgp1", name: "Singapore 1"),
        Region(slug: "syd1", name: "Sydney 1"), Region(slug: "tor1", name: "Toronto 1"),
    ]
    /// What a VPC or a cluster gets when nothing is said.
    package static let defaultSlug = "nyc1"
}
