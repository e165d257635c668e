namespace Tidings.Protocol.Compression;

/// <summary>The parameters of one <c>permessage-deflate</c> element, of an offer or of an answer (RFC 7692 §7.1).</summary>
internal struct DeflateParameters
{
    /// <summary>The extension's name.</summary>
    public const string ExtensionName = "permessage-deflate";

    /// <summary>§7.1.1.1.</summary>
    public const string ServerNoContextTakeoverName = "server_no_context_takeover";

    /// <summary>§7.1.1.2.</summary>
    public const string ClientNoContextTakeoverName = "client_no_context_takeover";

    /// <summary>§7.1.2.1.</summary>
    public const string ServerMaxWindowBitsName = "server_max_window_bits";

    /// <summary>§7.1.2.2.</summary>
    public const string ClientMaxWindowBitsName = "client_max_window_bits";

    /// <summary>§7.1.2: the smallest window is 2^8.</summary>
    public const int MinWindowBits = 8;

    /// <summary>§7.1.2: the largest window is 2^15, also what no parameter means.</summary>
    public const int MaxWindowBits = 15;

    private Seen _seen;
    private bool _invalid;

    [Flags]
    private enum Seen : byte
    {
        None = 0,
        ServerNoContextTakeover = 1,
        ClientNoContextTakeover = 2,
        ServerMaxWindowBits = 4,
        ClientMaxWindowBits = 8,
    }

    /// <summary>Whether every parameter so far is known, came once, and has a value it may have.</summary>
    public readonly bool Valid => !_invalid;

    /// <summary>Whether <c>server_no_context_takeover</c> is there.</summary>
    public readonly bool ServerNoContextTakeover => (_seen & Seen.ServerNoContextTakeover) != 0;

    /// <summary>Whether <c>client_max_window_bits</c> is there, with or without a value.</summary>
    public readonly bool ClientMaxWindowBits => (_seen & Seen.ClientMaxWindowBits) != 0;

    /// <summary>The value of <c>server_max_window_bits</c>, or null.</summary>
    public int? ServerMaxWindowBits { get; private set; }

    /// <summary>Takes the parameter that <paramref name="reader"/> stands on.</summary>
    public void Add(in ExtensionReader reader)
    {
        bool bare = reader.ValueKind == ExtensionValueKind.None;
        bool valid = reader.Name switch
        {
            ServerNoContextTakeoverName => bare && First(Seen.ServerNoContextTakeover),
            ClientNoContextTakeoverName => bare && First(Seen.ClientNoContextTakeover),
            ServerMaxWindowBitsName => First(Seen.ServerMaxWindowBits) && TakeServerBits(reader),
            ClientMaxWindowBitsName => First(Seen.ClientMaxWindowBits) && (bare || WindowBits(reader) is not null),
            _ => false,
        };
        _invalid |= !valid;
    }

    private bool First(Seen parameter)
    {
        bool first = (_seen & parameter) == 0;
        _seen |= parameter;
        return first;
    }

    private bool TakeServerBits(in ExtensionReader reader)
    {
        ServerMaxWindowBits = WindowBits(reader);
        return ServerMaxWindowBits is not null;
    }

    // A decimal integer without leading zeros, 8 to 15. Quotes would be grammatical; nobody writes them here, and a peer
    // whose offer is declined loses compression, not the connection.
    private static int? WindowBits(in ExtensionReader reader) => reader.ValueKind != ExtensionValueKind.Token ? null : reader.Value switch
    {
        "8" => 8,
        "9" => 9,
        "10" => 10,
        "11" => 11,
        "12" => 12,
        "13" => 13,
        "14" => 14,
        "15" => 15,
        _ => null,
    };
}
