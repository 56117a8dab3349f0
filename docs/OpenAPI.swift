/// The descriptions of the HTTP interfaces, as files of this folder, built into the program so that it can show them.
public enum OpenAPI {
    /// The fee service's, YAML.
    public static let service: [UInt8] = PackageResources.openapi_yaml
    /// A full node's, YAML.
    public static let node: [UInt8] = PackageResources.openapi_node_yaml
}
