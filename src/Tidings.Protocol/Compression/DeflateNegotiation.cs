namespace Tidings.Protocol.Compression;

/// <summary>What a server answers to a client's <c>Sec-WebSocket-Extensions</c> (RFC 7692 §5.1, §7.1).</summary>
/// <param name="Malformed">The header is no extension list, or goes over a limit: the handshake is answered with 400.</param>
/// <param name="Terms">What holds from now on; null: messages go uncompressed.</param>
/// <param name="Answer">The header's value in the 101 response, null together with <paramref name="Terms"/>.</param>
internal readonly record struct DeflateNegotiation(bool Malformed, DeflateTerms? Terms, string? Answer)
{
    private const string PlainAnswer =
        $"{DeflateParameters.ExtensionName}; {DeflateParameters.ServerNoContextTakeoverName}; {DeflateParameters.ClientNoContextTakeoverName}";

    private static readonly DeflateNegotiation _malformed = new(Malformed: true, null, null);
    private static readonly DeflateNegotiation _plain = new(Malformed: false, DeflateTerms.FullWindow, PlainAnswer);

    /// <summary>Accepts the first <c>permessage-deflate</c> offer that is valid; offers stand in order of preference (§5.1).</summary>
    /// <remarks>
    /// An offer with an unknown parameter, one given twice, or a value out of range is declined and the next one tried (§7.1).
    /// Both <c>no_context_takeover</c> parameters are always answered, which §7.1.1 allows unasked; <c>server_max_window_bits</c>
    /// comes back as offered; <c>client_max_window_bits</c> never, since the inflater always has the whole window.
    /// The header is read to its end even after an offer is accepted: malformed is malformed wherever it stands.
    /// </remarks>
    /// <param name="lines">The header's values, one for each line as received; none means that nothing was offered.</param>
    public static DeflateNegotiation Accept(params ReadOnlySpan<string?> lines)
    {
        var header = new DeflateHeader(lines);
        DeflateParameters? accepted = null;
        while (header.Read())
        {
            if (accepted is null && header.IsDeflate && header.Parameters.Valid)
            {
                accepted = header.Parameters;
            }
        }

        if (header.Malformed)
        {
            return _malformed;
        }

        return accepted is { } offer ? Answered(offer.ServerMaxWindowBits) : default;
    }

    private static DeflateNegotiation Answered(int? bits) => bits is not { } w
        ? _plain
        : new(Malformed: false, new DeflateTerms(w), $"{PlainAnswer}; {DeflateParameters.ServerMaxWindowBitsName}={w}");
}
