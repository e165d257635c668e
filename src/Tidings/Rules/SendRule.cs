namespace Tidings.Rules;

/// <summary>Who may send direct messages. Immutable.</summary>
/// <param name="Access">Which clients may, where their tokens do not say.</param>
/// <param name="Handler">Looks at each message before anybody gets it; in the place of a channel it is told the receiver. Null where nobody does.</param>
internal sealed record SendRule(ChannelAccess Access, IPublishHandler? Handler = null)
{
    public static readonly SendRule ServerAlone = new(ChannelAccess.Server);
}
