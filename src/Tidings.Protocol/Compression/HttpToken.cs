using System.Buffers;

namespace Tidings.Protocol.Compression;

/// <summary>HTTP's <c>token</c>, of which extension names, parameters and values are made.</summary>
internal static class HttpToken
{
    /// <summary>The characters of a token (RFC 2616 §2.2; RFC 9110 §5.6.2 calls them <c>tchar</c>).</summary>
    public static readonly SearchValues<char> Characters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}
