import Bytes
import Glibc
import Keyspace

/// Arguments that the geo commands share. Each returns nil once the error has been replied.
enum GeoArguments {
    /// Longitude and latitude at an index of the request.
    static func point(_ call: Call, _ index: Int) -> GeoPoint? {
        guard let longitude = DoubleText.parse(call[index]), let latitude = DoubleText.parse(call[index + 1]) else {
            call.notAFloat()
            return nil
        }
        guard GeoInterval.longitudes.contains(longitude), GeoInterval.latitudes.contains(latitude) else {
            call.error(
                "ERR invalid longitude,latitude pair \(sixDecimals(longitude)),\(sixDecimals(latitude))")
            return nil
        }
        return GeoPoint(longitude: longitude, latitude: latitude)
    }

    private static func sixDecimals(_ value: Double) -> String {
        // The largest double has 309 digits before the point.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 336) { buffer in
            let start = buffer.baseAddress.unsafelyUnwrapped
            withVaList([value]) { _ = vsnprintf(start, buffer.count, "%f", $0) }
            return String(cString: start)
        }
    }

    /// Metres in the unit at an index of the request.
    static func unit(_ call: Call, _ index: Int) -> Double? {
        if call.matches(index, "m") { return 1 }
        if call.matches(index, "km") { return 1000 }
        if call.matches(index, "ft") { return 0.3048 }
        if call.matches(index, "mi") { return 1609.34 }
        call.error("ERR unsupported unit provided. please use M, KM, FT, MI")
        return nil
    }

    /// A radius in metres, and the metres in its unit.
    static func radius(_ call: Call, _ index: Int) -> (outline: GeoShape.Outline, unitMetres: Double)? {
        guard let radius = DoubleText.parse(call[index]) else {
            call.error("ERR need numeric radius")
            return nil
        }
        guard radius >= 0 else {
            call.error("ERR radius cannot be negative")
            return nil
        }
        guard let metres = unit(call, index + 1) else { return nil }
        return (.circle(radius: radius * metres), metres)
    }

    /// Width and height in metres, and the metres in their unit.
    static func box(_ call: Call, _ index: Int) -> (outline: GeoShape.Outline, unitMetres: Double)? {
        guard let width = DoubleText.parse(call[index]) else {
            call.error("ERR need numeric width")
            return nil
        }
        guard let height = DoubleText.parse(call[index + 1]) else {
            call.error("ERR need numeric height")
            return nil
        }
        guard width >= 0, height >= 0 else {
            call.error("ERR height or width cannot be negative")
            return nil
        }
        guard let metres = unit(call, index + 2) else { return nil }
        return (.box(width: width * metres, height: height * metres), metres)
    }
}
