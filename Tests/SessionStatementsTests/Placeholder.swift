import Testing

@testable import SessionStatements
