import ControlModel
import HTTPTypes
import Hummingbird

/// Which part of a list is wanted.
struct PageRequest: Sendable, Equatable {
    static let sizeDefault = 20
    static let sizeMax = 200

    /// From 1.
    let number: Int
    let size: Int

    init(page: String?, perPage: String?) throws {
        number = try Self.integer(page, name: "page", in: 1...Int.max) ?? 1
        size = try Self.integer(perPage, name: "per_page", in: 1...Self.sizeMax) ?? Self.sizeDefault
    }

    private static func integer(_ text: String?, name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text else { return nil }
        guard let value = Int(text), range.contains(value) else {
            let bounds = range.upperBound == .max ? "of at least 1" : "from 1 to \(range.upperBound)"
            throw APIError(.badRequest, "The query parameter \(name) must be a whole number \(bounds).")
        }
        return value
    }

    /// Number of the last page of a list; 1 for an empty one.
    func lastPage(total: Int) -> Int { max(1, (total + size - 1) / size) }

    func slice<Element>(_ items: [Element]) -> ArraySlice<Element> {
        let (start, overflow) = (number - 1).multipliedReportingOverflow(by: size)
        guard !overflow, start < items.count else { return [] }
        return items[start..<min(start + size, items.count)]
    }
}

/// `links` and `meta` of a paginated answer.
struct PageView: Sendable, Encodable {
    struct Links: Sendable, Encodable {
        /// Absent keys say that there is no such page.
        struct Pages: Sendable, Encodable {
            var first: String?
            var prev: String?
            var next: String?
            var last: String?
        }
        var pages = Pages()
    }
    struct Meta: Sendable, Encodable {
        var total: Int
    }

    var links = Links()
    var meta: Meta

    init(_ page: PageRequest, total: Int, url: (Int) -> String) {
        meta = Meta(total: total)
        let last = page.lastPage(total: total)
        if page.number > 1 {
            links.pages.first = url(1)
            links.pages.prev = url(min(page.number - 1, last))
        }
        if page.number < last {
            links.pages.next = url(page.number + 1)
            links.pages.last = url(last)
        }
    }
}

/// One page of a list under its plural name, with `links` and `meta`.
struct PagedList<Item: Encodable & Sendable>: Sendable, Encodable {
    let name: String
    let items: [Item]
    let page: PageView

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(items, forKey: Key(name))
        try page.encode(to: encoder)
    }
}

/// A coding key that is only known at run time.
struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

extension Call {
    /// The page of `items` that the query asks for, with links that keep the rest of the query.
    func paged<Model, Item: Encodable & Sendable>(
        _ items: [Model], as name: String, _ view: (Model) throws -> Item
    ) throws -> Reply {
        let page = try page()
        let list = PagedList(
            name: name, items: try page.slice(items).map(view),
            page: PageView(page, total: items.count) { pageURL(number: $0, size: page.size) })
        return .ok(list)
    }

    /// A list of a kind of which this installation has none.
    func pagedEmpty(as name: String) throws -> Reply {
        try paged([String](), as: name) { $0 }
    }

    private func pageURL(number: Int, size: Int) -> String {
        let others = (request.uri.query ?? "").split(separator: "&").filter {
            let name = $0.prefix { $0 != "=" }
            return name != "page" && name != "per_page"
        }
        let query = others.map(String.init) + ["page=\(number)", "per_page=\(size)"]
        return "\(baseURL)\(request.uri.path)?\(query.joined(separator: "&"))"
    }
}
