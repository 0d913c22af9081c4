import Certificates
import ControlReconciler
import Foundation
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Synchronization

/// The certificate that the API and the metrics endpoint show, looked at each day and changed under way when it is due.
///
/// Connections that are open keep theirs; the next handshake gets the new one.
final class ServedCertificate: Sendable {
    private let installation: Installation
    private let authority: CertificateAuthority
    private let logger: Logger
    private let current: Mutex<NIOSSLContextConfigurationOverride>

    private static let checkInterval: Duration = .seconds(24 * 60 * 60)

    init(installation: Installation, authority: CertificateAuthority, logger: Logger) throws {
        self.installation = installation
        self.authority = authority
        self.logger = logger
        current = Mutex(try Self.load(installation.layout))
    }

    private static func load(_ layout: PlatformLayout) throws -> NIOSSLContextConfigurationOverride {
        var files = NIOSSLContextConfigurationOverride()
        files.certificateChain = try NIOSSLCertificate.fromPEMFile(layout.controlCertificate).map { .certificate($0) }
        files.privateKey = .privateKey(try NIOSSLPrivateKey(file: layout.controlKey, format: .pem))
        return files
    }

    /// For a server: TLS 1.2 or newer, the certificate chosen at each handshake.
    func configuration() throws -> TLSConfiguration {
        let files = current.withLock { $0 }
        guard let chain = files.certificateChain, let key = files.privateKey else {
            throw CommandError("\(installation.layout.controlCertificate) holds no certificate.")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.sslContextCallback = { _, promise in promise.succeed(self.current.withLock { $0 }) }
        return configuration
    }

    /// Issues a new certificate when the present one ends soon, and serves it from then on.
    func renewIfDue(at now: Date) throws {
        var installation = installation
        installation.now = now
        try installation.controlCertificate(authority)
        let files = try Self.load(installation.layout)
        current.withLock { $0 = files }
    }
}

extension ServedCertificate: Service {
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.checkInterval)) != nil {
                do {
                    try self.renewIfDue(at: Date())
                } catch {
                    self.logger.error("certificate not renewed", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
