import Foundation

/// Ends the process so that libFuzzer keeps the input.
func violation(_ message: String) -> Never {
    FileHandle.standardError.write(Data("VIOLATION: \(message)\n".utf8))
    abort()
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard condition else { violation(message()) }
}

/// Decodes; what is read must be written as the same bytes, or one value had two forms.
@discardableResult
func canonical<Value, Failure: Error>(
    _ bytes: [UInt8], _ read: ([UInt8]) throws(Failure) -> Value, _ write: (Value) -> [UInt8]
) -> Value? {
    let value: Value
    do {
        value = try read(bytes)
    } catch {
        return nil
    }
    require(write(value) == bytes, "\(Value.self) was read from bytes that are not its own")
    return value
}

/// Decodes JSON; an error must be a `DecodingError`, and what is read must survive being written and read again.
@discardableResult
func json<Body: Codable>(_ type: Body.Type, _ bytes: [UInt8]) -> Body? {
    let body: Body
    do {
        body = try JSONDecoder().decode(Body.self, from: Data(bytes))
    } catch is DecodingError {
        return nil
    } catch {
        violation("\(Body.self): \(error) is no DecodingError")
    }
    do {
        let text = try encoded(body)
        let again = try encoded(try JSONDecoder().decode(Body.self, from: text))
        require(again == text, "\(Body.self) is another once it was written and read")
    } catch {
        violation("\(Body.self) can't be written and read: \(error)")
    }
    return body
}

/// JSON with its members in order.
func encoded(_ body: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(body)
}
