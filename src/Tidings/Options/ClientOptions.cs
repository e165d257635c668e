namespace Tidings;

/// <summary>Clients by name.</summary>
public sealed class ClientOptions
{
    /// <summary>What becomes of a second connection of the same name on <c>/ws/clients/{clientId}</c>, where both are the same user's or both anonymous (docs/guides/authentication.md): the first is closed with 4009, the second with 1008, or both get what is sent to the name. Default <see cref="DuplicateClients.Replace"/>.</summary>
    public DuplicateClients Duplicates { get; set; }
}

/// <summary>What becomes of a second connection of the same name.</summary>
public enum DuplicateClients
{
    /// <summary>The first one is closed with 4009 "Replaced".</summary>
    Replace,

    /// <summary>The second one is closed with 1008 "Too many connections".</summary>
    Refuse,

    /// <summary>Both get what is sent to the name.</summary>
    Join,
}

/// <summary>A language of the server's own words.</summary>
public enum TidingsLanguage
{
    /// <summary>English.</summary>
    En,

    /// <summary>Chinese.</summary>
    Zh,
}
