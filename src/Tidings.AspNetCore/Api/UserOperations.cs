using System.ComponentModel;
using Tidings.Engine;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.AspNetCore.Api;

/// <summary>Operations on users: who is online, and forgetting when somebody was.</summary>
internal static class UserOperations
{
    private const int MostUsers = 1000;

    public static IEnumerable<ApiOperation> All(Inventory inventory) =>
    [
        new ApiOperation<OnlineRequest>(
            "online", "Who of some users is connected, on all nodes, and when the others were.", ApiJson.Default.OnlineRequest, typeof(OnlineAnswer),
            (request, cancellationToken) => OnlineAsync(inventory, request, cancellationToken))
        {
            Route = "users/online",
        },
        new ApiOperation<UserQuery>(
            "forget", "Forgets when a user was last connected.", ApiJson.Default.UserQuery, typeof(ForgetAnswer),
            (request, _) => ForgetAsync(inventory, request))
        {
            Route = "users/{**user}",
            RouteValue = "user",
            Erases = true,
            Query = ((Delegate)DescribeForget).Method,
            FromQuery = static query => new UserQuery(query.Text("user")),
        },
    ];

    private static async ValueTask<ApiOutcome> OnlineAsync(Inventory inventory, OnlineRequest request, CancellationToken cancellationToken)
    {
        if (request.Users is not { Count: > 0 and <= MostUsers } users)
        {
            return ApiOutcome.Bad($"users must have 1 to {MostUsers} ids.");
        }

        if (users.Any(static user => user is not { Length: > 0 and <= ChannelName.MaxBytes }))
        {
            return ApiOutcome.Bad($"each of users must have 1 to {ChannelName.MaxBytes} characters.");
        }

        var online = await inventory.OnlineAsync(users, cancellationToken);
        var frame = JsonFrame.Begin();
        frame.Writer.WriteStartObject("online"u8);
        foreach (var (user, state) in online.Users)
        {
            frame.Writer.WriteStartObject(user);
            if (state.LastSeen is { } seen)
            {
                frame.Writer.WriteNumber("lastSeen"u8, seen.ToUnixTimeMilliseconds());
            }
            else
            {
                frame.Writer.WriteNumber("connections"u8, state.Connections);
            }

            frame.Writer.WriteEndObject();
        }

        frame.Writer.WriteEndObject();
        ListOperations.WriteMissing(frame, online.Missing);
        return ApiOutcome.Of(frame);
    }

    private static async ValueTask<ApiOutcome> ForgetAsync(Inventory inventory, UserQuery request) =>
        request.User is { Length: > 0 and <= ChannelName.MaxBytes } user
            ? ApiOutcome.Of("erased", await inventory.EraseUserAsync(user) ? 1 : 0)
            : ApiOutcome.Bad($"a user's id has 1 to {ChannelName.MaxBytes} characters.");

    // For the OpenAPI document alone.
    private static void DescribeForget([Description("The user's id; in a path, encoded.")] string user)
    {
    }
}
