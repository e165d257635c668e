namespace Tidings.Protocol.Compression;

/// <summary>The client's half of the negotiation: what we offer, and which answers to it we can live with (RFC 7692 §5.1).</summary>
internal static class DeflateOffer
{
    /// <summary>The header's value in our request.</summary>
    /// <remarks>
    /// <c>server_no_context_takeover</c>: our inflater keeps nothing between messages. <c>client_max_window_bits</c> is left
    /// out, so that no server may ask for a window .NET's deflater can't be given (§7.1.2.2).
    /// </remarks>
    public const string Value =
        $"{DeflateParameters.ExtensionName}; {DeflateParameters.ServerNoContextTakeoverName}; {DeflateParameters.ClientNoContextTakeoverName}";

    /// <summary>Checks a server's answer to <see cref="Value"/>.</summary>
    /// <returns>
    /// False when the connection must fail (RFC 6455 §4.1, RFC 7692 §7.1): an extension we did not ask for, <c>permessage-deflate</c>
    /// twice, an unknown or repeated parameter, a value out of range, <c>client_max_window_bits</c>, which was not offered, no
    /// <c>server_no_context_takeover</c>, which was, or a header that is no extension list.
    /// </returns>
    /// <param name="terms">What holds from now on; null if the server declined, and whenever the result is false.</param>
    /// <param name="lines">The header's values in the response; none means that the server declined.</param>
    public static bool TryAgree(out DeflateTerms? terms, params ReadOnlySpan<string?> lines)
    {
        terms = null;
        var header = new DeflateHeader(lines);
        bool agreed = false;
        while (header.Read())
        {
            if (agreed || !header.IsDeflate || !IsAnswerToOurs(header.Parameters))
            {
                return false;
            }

            agreed = true;
        }

        // What server_max_window_bits says binds the server; our inflater has the whole window anyway.
        terms = agreed && !header.Malformed ? DeflateTerms.FullWindow : null;
        return !header.Malformed;
    }

    private static bool IsAnswerToOurs(in DeflateParameters answer) =>
        answer.Valid && answer.ServerNoContextTakeover && !answer.ClientMaxWindowBits;
}
