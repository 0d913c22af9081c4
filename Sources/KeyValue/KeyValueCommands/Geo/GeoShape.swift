import Glibc

/// What GEOSEARCH looks in: a circle, or a rectangle along the compass, around a centre.
struct GeoShape {
    enum Outline {
        case circle(radius: Double)
        case box(width: Double, height: Double)
    }

    let center: GeoPoint
    /// In metres.
    let outline: Outline

    init(center: GeoPoint, outline: Outline) {
        self.center = center
        self.outline = outline
    }

    /// Metres from the centre, or nil outside.
    func distanceMetres(to point: GeoPoint) -> Double? {
        switch outline {
        case .circle(let radius):
            let distance = center.distanceMetres(to: point)
            return distance > radius ? nil : distance
        case .box(let width, let height):
            // Latitudes cost less, so they go first.
            guard GeoPoint.distanceMetres(latitude: point.latitude, latitude: center.latitude) <= height / 2 else {
                return nil
            }
            let below = GeoPoint(longitude: center.longitude, latitude: point.latitude)
            guard point.distanceMetres(to: below) <= width / 2 else { return nil }
            return center.distanceMetres(to: point)
        }
    }

    /// Metres from the centre to the farthest point.
    private var reach: Double {
        switch outline {
        case .circle(let radius): radius
        case .box(let width, let height): sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2))
        }
    }

    /// The degrees that the shape lies within.
    private var bounds: GeoArea {
        let (halfWidth, halfHeight): (Double, Double) =
            switch outline {
            case .circle(let radius): (radius, radius)
            case .box(let width, let height): (width / 2, height / 2)
            }
        let latitudeChange = GeoPoint.degrees(halfHeight / GeoPoint.earthRadiusMetres)
        // Meridians draw together towards the pole: the wider end counts.
        let poleward = center.latitude < 0 ? center.latitude - latitudeChange : center.latitude + latitudeChange
        let longitudeChange = GeoPoint.degrees(
            halfWidth / GeoPoint.earthRadiusMetres / cos(GeoPoint.radians(poleward)))
        return GeoArea(
            longitude: GeoInterval(min: center.longitude - longitudeChange, max: center.longitude + longitudeChange),
            latitude: GeoInterval(min: center.latitude - latitudeChange, max: center.latitude + latitudeChange))
    }

    /// Cells that cover the shape: that of the centre and those of its eight neighbours that are needed, in the order in
    /// which Redis looks at them.
    var cells: [GeoHash] {
        let bounds = bounds
        var step = Self.step(reach, latitude: center.latitude)
        var cell = GeoHash(center, step: step)
        if step > 1, !Self.isCovered(bounds, around: cell) {
            step -= 1
            cell = GeoHash(center, step: step)
        }
        var needsSouth = true
        var needsNorth = true
        var needsWest = true
        var needsEast = true
        if step >= 2 {
            let area = cell.area
            needsSouth = !(area.latitude.min < bounds.latitude.min)
            needsNorth = !(area.latitude.max > bounds.latitude.max)
            needsWest = !(area.longitude.min < bounds.longitude.min)
            needsEast = !(area.longitude.max > bounds.longitude.max)
        }
        let directions: [(east: Int, north: Int)] = [
            (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
        ]
        var result = [cell]
        for (east, north) in directions {
            if north < 0 && !needsSouth || north > 0 && !needsNorth { continue }
            if east < 0 && !needsWest || east > 0 && !needsEast { continue }
            let neighbor = cell.neighbor(east: east, north: north)
            // With cells of half the earth neighbours are the same ones again.
            if let last = result.last, result.count > 1, last == neighbor { continue }
            result.append(neighbor)
        }
        return result
    }

    /// Whether a cell and its neighbours reach as far as the bounds in all four directions.
    private static func isCovered(_ bounds: GeoArea, around cell: GeoHash) -> Bool {
        cell.neighbor(east: 0, north: 1).area.latitude.max >= bounds.latitude.max
            && cell.neighbor(east: 0, north: -1).area.latitude.min <= bounds.latitude.min
            && cell.neighbor(east: 1, north: 0).area.longitude.max >= bounds.longitude.max
            && cell.neighbor(east: -1, north: 0).area.longitude.min <= bounds.longitude.min
    }

    /// Bits of each coordinate with which nine cells about cover a circle.
    private static func step(_ radiusMetres: Double, latitude: Double) -> Int {
        /// Half of the equator in metres, on the map.
        let mercatorMax = 20_037_726.37
        guard radiusMetres > 0 else { return GeoHash.stepMax }
        var step = 1
        var reach = radiusMetres
        while reach < mercatorMax {
            reach *= 2
            step += 1
        }
        step -= 2
        if abs(latitude) > 66 { step -= 1 }
        if abs(latitude) > 80 { step -= 1 }
        return min(max(step, 1), GeoHash.stepMax)
    }
}
