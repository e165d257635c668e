using System.Globalization;

namespace Tidings.Quotas;

/// <summary>Whose share of a bound something counts against: a user, else an address, else the server itself.</summary>
/// <remarks>The default value is an address that is not known, never the server: what is forgotten to be said gets no privilege. Two values
/// are equal where they have one share.</remarks>
public readonly record struct Sender
{
    /// <summary>The server: code of the application, the server API, tasks, reports. It has no share of its own and is the last to lose anything.</summary>
    public static readonly Sender Server = new() { IsServer = true };

    /// <summary>The user's id; null for an address and for the server.</summary>
    public string? User { get; private init; }

    /// <summary>The address of a sender without a user; otherwise default.</summary>
    internal AddressKey Address { get; private init; }

    /// <summary>Whether it is the server itself.</summary>
    public bool IsServer { get; private init; }

    /// <summary>A connection or a request from outside.</summary>
    /// <param name="user">Its user, as authentication has proven it; null while anonymous.</param>
    /// <param name="address">Where it comes from; default where that is not known (unix sockets).</param>
    internal static Sender Of(string? user, AddressKey address) => user is null ? new Sender { Address = address } : new Sender { User = user };

    /// <summary>A user.</summary>
    /// <param name="user">The user's id.</param>
    public static Sender OfUser(string user) => Of(user, default);

    /// <summary>In a form that <see cref="FromText"/> reads; null for the server.</summary>
    public string? ToText() => IsServer ? null : User is not null ? "u" + User : "a" + Address.Bits.ToString("x", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="ToText"/> wrote.</summary>
    /// <param name="text">The text; null for the server.</param>
    public static Sender FromText(string? text) =>
        text is null ? Server
        : text.StartsWith('u') ? Of(text[1..], default)
        : Of(null, new AddressKey(ulong.TryParse(text.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits) ? bits : 0));

    /// <summary>For logs and refusals: the user's id, the address, or <c>server</c>.</summary>
    public override string ToString() => IsServer ? "server" : User ?? Address.ToString();
}
