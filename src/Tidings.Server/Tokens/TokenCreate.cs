using System.CommandLine;
using Tidings.Options;
using Tidings.Protocol;
using Tidings.Security.Tokens;
using Tidings.Server.Terminal;

namespace Tidings.Server.Tokens;

/// <summary><c>tidings token create</c>: writes a token and nothing else.</summary>
internal sealed class TokenCreate
{
    private readonly TokenKeyOptions _keys = new();
    private readonly Option<string> _user = new("--user") { Description = "Whose token it is (sub)", Required = true };
    private readonly Option<string> _expires = new("--expires") { Description = "How long it holds, as 15m, 1h or 7d; 'never' leaves the end out, which servers refuse unless Tidings:Jwt:RequireExpiration is false. Default 1h" };
    private readonly Option<string[]> _channels = new("--channel") { Description = "What it allows, as 'chat:*=subscribe,publish' or 'order:{id}=subscribe' ({id} stops at a ':', * does not); may be repeated. Without any, what the server allows its users" };
    private readonly Option<bool?> _send = new("--send") { Description = "Whether it allows direct messages to users and connections (send). Without it, what Tidings:Send says" };
    private readonly Option<string> _subscription = new("--subscription") { Description = "The one channel whose subscription it grants (channel): a token for 'subscribe', and not for a connection" };
    private readonly Option<string> _id = new("--id") { Description = "The token's id (jti), by which it can be revoked" };
    private readonly Option<string> _name = new("--name") { Description = "The user's name for display" };
    private readonly Option<string> _issuer = new("--issuer") { Description = "Who makes it (iss). Default Tidings:Jwt:Issuer" };
    private readonly Option<string> _audience = new("--audience") { Description = "Whom it is for (aud). Default Tidings:Jwt:Audience" };

    public Command Command
    {
        get
        {
            var command = new Command("create", "Makes a token.") { _user, _expires, _channels, _send, _subscription, _id, _name, _issuer, _audience };
            _keys.AddTo(command);
            command.Does((parsed, output, _) => Task.FromResult(Write(parsed, output)));
            return command;
        }
    }

    private int Write(ParseResult parsed, CommandOutput output)
    {
        var keys = _keys.Read(parsed);
        var key = keys.Keys.FirstOrDefault(static key => key.CanSign)
            ?? throw CommandException.Misused("There is no key to sign with: --jwt-secret, --key-file with a private key, or Tidings:Jwt in the configuration.");
        var now = TimeProvider.System.GetUtcNow();
        string token;
        try
        {
            token = new TokenWriter(key).Write(new TokenClaims
            {
                Subject = parsed.GetRequiredValue(_user),
                IssuedAt = now,
                ExpiresAt = now + Lifetime(parsed.GetValue(_expires) ?? "1h"),
                TokenId = parsed.GetValue(_id),
                Name = parsed.GetValue(_name),
                Issuer = parsed.GetValue(_issuer) ?? keys.Issuer,
                Audience = parsed.GetValue(_audience) ?? keys.Audience,
                Send = parsed.GetValue(_send),
                Channel = Subscription(parsed.GetValue(_subscription), parsed.GetRequiredValue(_user)),
                Permissions = Permissions(parsed.GetValue(_channels) ?? []),
            });
        }
        catch (ArgumentException error)
        {
            throw CommandException.Misused(error.Message.Split(" (Parameter ", 2)[0]);
        }

        if (output.IsJson)
        {
            output.Json(writer => writer.WriteString("token", token));
        }
        else
        {
            output.Line(token);
        }

        return ExitCode.Done;
    }

    private static TimeSpan? Lifetime(string text) =>
        text == "never" ? null
        : OptionValue.TryParse(text, typeof(TimeSpan), isSize: false, out var value) && value is TimeSpan time && time > TimeSpan.Zero && time <= TimeSpan.FromDays(36_500) ? time
        : throw CommandException.Misused($"--expires is \"{text}\"; it must be a time as 15m, 1h or 7d, or never.");

    // A token that no server would take is not made.
    private static string? Subscription(string? channel, string user) =>
        channel?.StartsWith(ChannelName.UserPrefix, StringComparison.Ordinal) == true && channel != ChannelName.UserPrefix + user
            ? throw CommandException.Misused($"--subscription is \"{channel}\"; of such channels a user has {ChannelName.UserPrefix}{user} alone.")
            : channel is null || ChannelName.IsValid(channel) ? channel
            : throw CommandException.Misused($"--subscription is \"{channel}\"; it must be the name of one channel: {ChannelName.Rule}.");

    private static TokenPermissions? Permissions(string[] channels) =>
        channels.Length == 0 ? null : new TokenPermissions(channels.Select(static channel => Permission(channel)));

    private static TokenPermission Permission(string text) => TokenPermissions.TryParse(text, out var permission)
        ? permission
        : throw CommandException.Misused($"--channel is \"{text}\"; it must be a pattern and what it allows, as 'chat:*=subscribe,publish,presence,history'.");
}
