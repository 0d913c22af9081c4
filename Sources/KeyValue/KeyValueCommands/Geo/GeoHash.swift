import Glibc

/// Limits of longitudes or latitudes.
struct GeoInterval {
    let min: Double
    let max: Double

    static let longitudes = GeoInterval(min: -180, max: 180)
    /// Of the web's Mercator projection (EPSG:3857): the poles have no place in it.
    static let latitudes = GeoInterval(min: -85.05112878, max: 85.05112878)
    /// Of the geohashes that the rest of the world uses.
    static let allLatitudes = GeoInterval(min: -90, max: 90)

    func contains(_ degrees: Double) -> Bool { degrees >= min && degrees <= max }

    /// The number of the cell that has the degrees, of 2^step cells.
    func cell(_ degrees: Double, step: Int) -> UInt32 {
        let cells = Double(UInt64(1) << UInt64(step))
        return UInt32(clamping: Int64(((degrees - min) / (max - min)) * cells))
    }

    /// The limits of a cell of 2^step cells.
    func limits(cell: UInt32, step: Int) -> GeoInterval {
        let cells = Double(UInt64(1) << UInt64(step))
        let scale = max - min
        return GeoInterval(
            min: min + (Double(cell) / cells) * scale, max: min + ((Double(cell) + 1) / cells) * scale)
    }

    var middle: Double { (min + max) / 2 }
}

/// A place on the earth, in degrees.
struct GeoPoint {
    let longitude: Double
    let latitude: Double

    init(longitude: Double, latitude: Double) {
        self.longitude = longitude
        self.latitude = latitude
    }

    /// The place that a member's score stands for.
    init(score: Double) {
        self = GeoHash(bits: Self.bits(score), step: GeoHash.stepMax).area.center
    }

    /// Scores that no place has, which ZADD may have given, are read as Redis reads them on x86-64: negative ones as
    /// their two's complement, too large ones as 0.
    private static func bits(_ score: Double) -> UInt64 {
        let whole = score.rounded(.towardZero)
        if let bits = UInt64(exactly: whole) { return bits }
        guard whole < 0 else { return 0 }
        return UInt64(bitPattern: Int64(exactly: whole) ?? .min)
    }

    /// The score that stands for the place: 52 bits, exact in a double.
    var score: Double { Double(GeoHash(self, step: GeoHash.stepMax).bits) }

    /// Mean of the earth's radius, in metres, as Redis has it.
    static let earthRadiusMetres = 6_372_797.560856

    @inline(__always)
    static func radians(_ degrees: Double) -> Double { degrees * (Double.pi / 180) }

    @inline(__always)
    static func degrees(_ radians: Double) -> Double { radians / (Double.pi / 180) }

    /// Metres between two latitudes on one meridian.
    static func distanceMetres(latitude first: Double, latitude second: Double) -> Double {
        earthRadiusMetres * abs(radians(second) - radians(first))
    }

    /// Metres along a great circle, by the haversine formula.
    func distanceMetres(to other: GeoPoint) -> Double {
        let v = sin((Self.radians(other.longitude) - Self.radians(longitude)) / 2)
        if v == 0 { return Self.distanceMetres(latitude: latitude, latitude: other.latitude) }
        let (first, second) = (Self.radians(latitude), Self.radians(other.latitude))
        let u = sin((second - first) / 2)
        return 2 * Self.earthRadiusMetres * asin(sqrt(u * u + cos(first) * cos(second) * v * v))
    }
}

/// A rectangle of degrees.
struct GeoArea {
    let longitude: GeoInterval
    let latitude: GeoInterval

    var center: GeoPoint {
        GeoPoint(
            longitude: min(max(longitude.middle, GeoInterval.longitudes.min), GeoInterval.longitudes.max),
            latitude: min(max(latitude.middle, GeoInterval.latitudes.min), GeoInterval.latitudes.max))
    }
}

/// A cell of the earth: bits of its longitude (odd positions) and latitude (even ones) in turn.
///
/// Source: G. Niemeyer's geohash; the interleaving is by G. M. Morton (1966).
struct GeoHash: Equatable {
    var bits: UInt64
    /// Bits of each coordinate.
    let step: Int

    /// 52 bits in all.
    static let stepMax = 26

    init(bits: UInt64, step: Int) {
        self.bits = bits
        self.step = step
    }

    init(_ point: GeoPoint, step: Int, latitudes: GeoInterval = .latitudes) {
        self.step = step
        bits = Self.interleave(
            latitudes.cell(point.latitude, step: step),
            GeoInterval.longitudes.cell(point.longitude, step: step))
    }

    var area: GeoArea {
        let (latitudeCell, longitudeCell) = Self.deinterleave(bits)
        return GeoArea(
            longitude: GeoInterval.longitudes.limits(cell: longitudeCell, step: step),
            latitude: GeoInterval.latitudes.limits(cell: latitudeCell, step: step))
    }

    /// The least score of places in the cell.
    var scoreMin: Double { Double(bits << UInt64(52 - step * 2)) }
    /// The first score behind those of places in the cell.
    var scoreEnd: Double { Double((bits + 1) << UInt64(52 - step * 2)) }

    /// The cell that many cells further east and north; beyond the edge the other side follows.
    func neighbor(east: Int, north: Int) -> GeoHash {
        GeoHash(
            bits: Self.moved(bits, by: east, ofMask: 0xAAAA_AAAA_AAAA_AAAA, step: step) & 0xAAAA_AAAA_AAAA_AAAA
                | Self.moved(bits, by: north, ofMask: 0x5555_5555_5555_5555, step: step) & 0x5555_5555_5555_5555,
            step: step)
    }

    /// One coordinate changed by -1, 0 or 1: the bits between its own are all set, or clear, so that the carry passes.
    private static func moved(_ bits: UInt64, by change: Int, ofMask mask: UInt64, step: Int) -> UInt64 {
        guard change != 0 else { return bits }
        let unused = UInt64(64 - step * 2)
        let gaps = ~mask >> unused
        // The complement of the odd bits, shifted by an even number, keeps its place.
        let own = bits & mask
        let result = change > 0 ? own &+ (gaps &+ 1) : (own | gaps) &- (gaps &+ 1)
        return result & (mask >> unused)
    }

    /// The bits of the first number at even positions, of the second at odd ones.
    private static func interleave(_ even: UInt32, _ odd: UInt32) -> UInt64 { spread(even) | spread(odd) << 1 }

    private static func deinterleave(_ bits: UInt64) -> (even: UInt32, odd: UInt32) {
        (gather(bits), gather(bits >> 1))
    }

    private static func spread(_ value: UInt32) -> UInt64 {
        var bits = UInt64(value)
        bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
        bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits << 2) & 0x3333_3333_3333_3333
        return (bits | bits << 1) & 0x5555_5555_5555_5555
    }

    private static func gather(_ value: UInt64) -> UInt32 {
        var bits = value & 0x5555_5555_5555_5555
        bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
        bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
        bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
        bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: bits | bits >> 16)
    }
}
