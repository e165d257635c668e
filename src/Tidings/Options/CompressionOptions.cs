using Tidings.Options;

namespace Tidings;

/// <summary>Compression of messages (permessage-deflate, RFC 7692) with peers that offer it (docs/decisions/004-deflate-without-context.md).</summary>
public sealed class CompressionOptions
{
    /// <summary>Whether offers are accepted. Default true: memory per connection stays the same, and a message is compressed once for all its receivers.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>zlib's level, from 1 (fastest) to 9 (smallest). Default 1.</summary>
    [OptionRange("1", "9")]
    public int Level { get; set; } = Protocol.Compression.DeflateSettings.DefaultLevel;

    /// <summary>Messages of fewer bytes are sent as they are. Default 256; at most 1 GB.</summary>
    [OptionRange("0", "1GB")]
    public long ThresholdBytes { get; set; } = Protocol.Compression.DeflateSettings.DefaultThreshold;
}
