namespace Tidings.Redis.Servers;

/// <summary>Nodes are there that spread names over servers by another rule, or over others: side by side they would not hear each other.</summary>
internal sealed class SpreadMismatchException(string theirs, string ours) : InvalidOperationException(
    $"Other nodes spread channels over Redis servers in another way (\"{(theirs.Length > 0 ? theirs : "as earlier versions did")}\"; this node: \"{ours}\"). Give all nodes the same servers in the same order (Tidings:Redis) and the same number of replicas (Tidings:RedisReplicas), or stop the others first: 10 s after the last of them this node can start.");
