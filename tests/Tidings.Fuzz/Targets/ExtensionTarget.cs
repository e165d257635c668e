using System.Text;
using Tidings.Protocol.Compression;

namespace Tidings.Fuzz.Targets;

/// <summary>Sec-WebSocket-Extensions from a client and from a server; a line feed begins another line of the header.</summary>
internal sealed class ExtensionTarget : FuzzTarget
{
    public override string Name => "extensions";

    public override IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "permessage-deflate", "; ", ", ", "=", "\"", "\\", "\n", "server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits", "=8", "=15", "=16", "x-other" }.Select(Encoding.ASCII.GetBytes)];

    public override Outcome Run(ReadOnlySpan<byte> input)
    {
        var lines = Encoding.Latin1.GetString(input).Split('\n');
        var answer = DeflateNegotiation.Accept(lines);
        Require((answer.Terms is null) == (answer.Answer is null), "terms and answer come together");
        Require(!answer.Malformed || answer.Terms is null, "what is malformed agrees on nothing");
        if (answer.Terms is { } terms)
        {
            Require(terms.SendWindowBits is >= DeflateTerms.SmallestWindow and <= DeflateTerms.LargestWindow, "a window has 8 to 15 bits");
            Require(input.Length <= DeflateHeader.MaxLength, "a header over its limit is refused");
            var again = DeflateNegotiation.Accept(answer.Answer);
            Require(again.Terms == terms && again.Answer == answer.Answer, "what we answer we understand as we meant it");
            Require(DeflateOffer.TryAgree(out _, answer.Answer), "our client takes what our server answers");
        }

        var agreed = DeflateOffer.TryAgree(out var clientTerms, lines);
        Require(agreed || clientTerms is null, "a failed agreement has no terms");
        Require(!agreed || !answer.Malformed || lines.Length == 0, "what a client agrees to is no malformed header");
        var path = new Fnv();
        path.Add((byte)(answer.Terms?.SendWindowBits ?? 0));
        path.Add((byte)((answer.Malformed ? 1 : 0) | (agreed ? 2 : 0) | (clientTerms is null ? 0 : 4)));
        path.Add(input.Count((byte)';'));
        path.Add(input.Count((byte)','));
        path.Add(input.Count((byte)'='));
        path.Add(input.Count((byte)'"'));
        return new Outcome(answer.Malformed ? "refused (400)" : answer.Terms is null ? "declined" : "accepted", path.Value);
    }
}
