import HTTPTypes
import Hummingbird

/// Which methods each path answers to: what a 405 needs to know and a router does not tell.
struct KnownPaths: Sendable {
    private struct Template {
        /// Components; nil stands for any one component.
        let components: [Substring?]
        var methods: Set<String>

        var literalCount: Int { components.count { $0 != nil } }

        func matches(_ path: [Substring]) -> Bool {
            path.count == components.count
                && zip(components, path).allSatisfy { expected, given in expected == nil || expected == given }
        }
    }

    private var templates: [Template] = []

    init(_ routes: [Route]) {
        var methodsByPath: [String: Set<String>] = [:]
        for route in routes {
            methodsByPath[route.path, default: []].insert(route.method.rawValue)
            if route.method == .get {
                methodsByPath[route.path, default: []].insert("HEAD")
            }
        }
        templates = methodsByPath.map { path, methods in
            Template(
                components: path.split(separator: "/").map { $0.hasPrefix("{") ? nil : $0 }, methods: methods)
        }
    }

    /// Methods of the most literal template that the path matches, sorted; empty for an unknown path.
    func methods(for path: String) -> [String] {
        let components = path.split(separator: "/")
        return templates.filter { $0.matches(components) }
            .max { $0.literalCount < $1.literalCount }?.methods.sorted() ?? []
    }
}

/// Answers what no route does: 405 with `Allow` on a known path, else 404, and under the API's roots only to those
/// who have a token.
struct UnknownPathMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    private static let privateRoots: Set<Substring> = ["v1", "v2", "atoll"]

    let knownPaths: KnownPaths
    let authenticator: Authenticator

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            let path = request.uri.path
            if let root = path.split(separator: "/", maxSplits: 1).first, Self.privateRoots.contains(root) {
                _ = try await authenticator.authenticate(request, context: context)
            }
            let methods = knownPaths.methods(for: path)
            throw methods.isEmpty ? APIError.unknownPath : .methodNotAllowed(methods)
        }
    }
}
