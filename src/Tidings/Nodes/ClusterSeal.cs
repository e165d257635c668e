using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tidings.Nodes;

/// <summary>Seals what nodes write for each other, in Redis or PostgreSQL: who may write there and has no key can forge nothing of it. Immutable; safe from any thread.</summary>
/// <remarks>A seal is <c>s1:</c> and HMAC-SHA256 of where something stands, a zero byte and what it says, in base64url. Sealed bytes are the seal, <c>:</c> and what it says.
/// It does not keep anybody from saying again what a node said, or from deleting.</remarks>
public sealed class ClusterSeal
{
    private const int MacBytes = 32;
    private const int MarkLength = 46;
    private static ReadOnlySpan<byte> Version => "s1:"u8;

    private readonly byte[][] _keys;
    private readonly bool _required;

    /// <summary>Makes what seals and opens.</summary>
    /// <param name="keys">The first seals, all open. Empty: nothing is sealed, and everything is believed.</param>
    /// <param name="required">Whether what has no seal is refused.</param>
    public ClusterSeal(IEnumerable<string> keys, bool required)
    {
        _keys = [.. keys.Select(Encoding.UTF8.GetBytes)];
        _required = required;
    }

    /// <summary>The seal of something.</summary>
    /// <param name="place">Where it stands.</param>
    /// <param name="content">What it says.</param>
    /// <returns>The seal; null where there is no key.</returns>
    public string? Mark(string place, ReadOnlySpan<byte> content) =>
        _keys.Length == 0 ? null : "s1:" + Base64Url.EncodeToString(Mac(_keys[0], place, content));

    /// <summary>Whether it has the form of a seal.</summary>
    /// <param name="text">The text.</param>
    public static bool IsMark(string text) => text.Length == MarkLength && text.StartsWith("s1:", StringComparison.Ordinal) && Base64Url.IsValid(text.AsSpan(3));

    /// <summary>Whether a node has said it.</summary>
    /// <param name="place">Where it stands: the key or the channel.</param>
    /// <param name="content">What it says.</param>
    /// <param name="mark">Its seal, or null.</param>
    public bool Holds(string place, ReadOnlySpan<byte> content, ReadOnlySpan<byte> mark)
    {
        if (_keys.Length == 0)
        {
            return true;
        }

        if (mark.IsEmpty)
        {
            return !_required;
        }

        Span<byte> mac = stackalloc byte[MacBytes];
        if (mark.Length != MarkLength || !mark.StartsWith(Version) || !Base64Url.TryDecodeFromUtf8(mark[Version.Length..], mac, out var length) || length != MacBytes)
        {
            return false;
        }

        foreach (var key in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(mac, Mac(key, place, content)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What is to be written: sealed, where there is a key.</summary>
    /// <param name="place">Where it stands.</param>
    /// <param name="content">What it says.</param>
    public byte[] Seal(string place, ReadOnlySpan<byte> content) =>
        Mark(place, content) is { } mark ? [.. Encoding.ASCII.GetBytes(mark), (byte)':', .. content] : content.ToArray();

    /// <summary>What a node has written, without its seal.</summary>
    /// <param name="place">Where it stands.</param>
    /// <param name="written">What was read there.</param>
    /// <param name="content">What it says.</param>
    /// <returns>False where no node has written it.</returns>
    public bool TryOpen(string place, byte[] written, out ReadOnlyMemory<byte> content)
    {
        var isSealed = written.Length > MarkLength && written[MarkLength] == ':' && written.AsSpan().StartsWith(Version)
            && Base64Url.IsValid(written.AsSpan(Version.Length, MarkLength - Version.Length));
        content = isSealed ? written.AsMemory(MarkLength + 1) : written;
        return Holds(place, content.Span, isSealed ? written.AsSpan(0, MarkLength) : default);
    }

    private static byte[] Mac(byte[] key, string place, ReadOnlySpan<byte> content)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(Encoding.UTF8.GetBytes(place));
        mac.AppendData("\0"u8);
        mac.AppendData(content);
        return mac.GetHashAndReset();
    }
}
