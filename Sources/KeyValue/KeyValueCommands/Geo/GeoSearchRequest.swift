import Bytes
import Keyspace

/// Which of the commands a search is: they take different arguments.
enum GeoSearchCommand {
    case radius(storable: Bool)
    case radiusByMember(storable: Bool)
    case search
    case searchStore

    var isSearch: Bool {
        switch self {
        case .radius, .radiusByMember: false
        case .search, .searchStore: true
        }
    }

    var takesStore: Bool {
        switch self {
        case .radius(let storable), .radiusByMember(let storable): storable
        case .search, .searchStore: false
        }
    }

    var isSearchStore: Bool {
        if case .searchStore = self { return true }
        return false
    }

    var sourceIndex: Int { isSearchStore ? 2 : 1 }
}

/// The arguments of GEOSEARCH, GEORADIUS and their kin.
struct GeoSearchRequest {
    enum Order { case none, ascending, descending }

    private(set) var center: GeoPoint?
    private(set) var outline: GeoShape.Outline?
    private(set) var unitMetres = 1.0
    private(set) var wantsDistance = false
    private(set) var wantsHash = false
    private(set) var wantsCoordinates = false
    private(set) var order = Order.none
    /// Whether the first places found will do (ANY).
    private(set) var takesAny = false
    /// 0: all.
    private(set) var count: Int64 = 0
    private(set) var storeKeyIndex: Int?
    private(set) var storesDistance = false
    private var hasMember = false

    /// - Parameter value: the sorted set, where there is one. Nil once the error has been replied.
    init?(_ call: Call, _ command: GeoSearchCommand, _ value: SortedSetValue?) {
        guard let start = parseFixed(call, command, value) else { return nil }
        var index = start
        while index < call.count {
            guard let next = parseFlag(call, index) ?? parseOption(call, index, command, value) else { return nil }
            index = next
        }
        guard validate(call, command) else { return nil }
        // Of the nearest places the first ones are meant.
        if count != 0, order == .none, !takesAny { order = .ascending }
    }

    /// The arguments before the options: returns where those begin, nil once an error has been replied.
    private mutating func parseFixed(
        _ call: Call, _ command: GeoSearchCommand, _ value: SortedSetValue?
    ) -> Int? {
        switch command {
        case .radius:
            guard let point = GeoArguments.point(call, 2), let radius = GeoArguments.radius(call, 4) else {
                return nil
            }
            center = point
            (outline, unitMetres) = radius
            return 6
        case .radiusByMember:
            // Without a key there is nothing to find the member in, and the radius is not looked at.
            guard let value else { return 5 }
            guard setCenter(call, member: 2, value), let radius = GeoArguments.radius(call, 3) else { return nil }
            (outline, unitMetres) = radius
            return 5
        case .search: return 2
        case .searchStore:
            storeKeyIndex = 1
            return 3
        }
    }

    private mutating func setCenter(_ call: Call, member index: Int, _ value: SortedSetValue) -> Bool {
        guard let point = value.score(of: call[index]).map(GeoPoint.init(score:)) else {
            call.error("ERR could not decode requested zset member")
            return false
        }
        center = point
        return true
    }

    /// An option of one word; nil if it is none.
    private mutating func parseFlag(_ call: Call, _ index: Int) -> Int? {
        if call.matches(index, "withdist") {
            wantsDistance = true
        } else if call.matches(index, "withhash") {
            wantsHash = true
        } else if call.matches(index, "withcoord") {
            wantsCoordinates = true
        } else if call.matches(index, "any") {
            takesAny = true
        } else if call.matches(index, "asc") {
            order = .ascending
        } else if call.matches(index, "desc") {
            order = .descending
        } else {
            return nil
        }
        return index + 1
    }

    /// An option with arguments: returns where the next one begins, nil once an error has been replied.
    private mutating func parseOption(
        _ call: Call, _ index: Int, _ command: GeoSearchCommand, _ value: SortedSetValue?
    ) -> Int? {
        let behind = call.count - index - 1
        if call.matches(index, "count"), behind >= 1 {
            guard let given = call.integer(index + 1) else { return nil }
            guard given > 0 else {
                call.error("ERR COUNT must be > 0")
                return nil
            }
            count = given
            return index + 2
        }
        if command.takesStore, behind >= 1, call.matches(index, "store") || call.matches(index, "storedist") {
            storeKeyIndex = index + 1
            storesDistance = call.matches(index, "storedist")
            return index + 2
        }
        if command.isSearchStore, call.matches(index, "storedist") {
            storesDistance = true
            return index + 1
        }
        if command.isSearch { return parsePlace(call, index, behind, value) }
        call.syntaxError()
        return nil
    }

    /// FROMMEMBER, FROMLONLAT, BYRADIUS and BYBOX.
    private mutating func parsePlace(
        _ call: Call, _ index: Int, _ behind: Int, _ value: SortedSetValue?
    ) -> Int? {
        var isBox = false
        if case .box = outline { isBox = true }
        if call.matches(index, "frommember"), behind >= 1, center == nil || hasMember {
            hasMember = true
            guard let value else { return index + 2 }
            return setCenter(call, member: index + 1, value) ? index + 2 : nil
        }
        if call.matches(index, "fromlonlat"), behind >= 2, !hasMember {
            guard let point = GeoArguments.point(call, index + 1) else { return nil }
            center = point
            return index + 3
        }
        if call.matches(index, "byradius"), behind >= 2, !isBox {
            guard let radius = GeoArguments.radius(call, index + 1) else { return nil }
            (outline, unitMetres) = radius
            return index + 3
        }
        if call.matches(index, "bybox"), behind >= 3, outline == nil || isBox {
            guard let box = GeoArguments.box(call, index + 1) else { return nil }
            (outline, unitMetres) = box
            return index + 4
        }
        call.syntaxError()
        return nil
    }

    private func validate(_ call: Call, _ command: GeoSearchCommand) -> Bool {
        if storeKeyIndex != nil, wantsDistance || wantsHash || wantsCoordinates {
            let name = command.isSearchStore ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"
            call.error("ERR \(name) is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
            return false
        }
        if command.isSearch, center == nil, !hasMember {
            call.error("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for \(call[0].printed)")
            return false
        }
        if command.isSearch, outline == nil {
            call.error("ERR exactly one of BYRADIUS and BYBOX can be specified for \(call[0].printed)")
            return false
        }
        if takesAny, count == 0 {
            call.error("ERR the ANY argument requires COUNT argument")
            return false
        }
        return true
    }
}
