using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Tidings.Channels.Tests.Http;

/// <summary>An application's own authentication, which believes a header.</summary>
internal sealed class TestUser : IStartupFilter
{
    public const string Header = "X-Test-User";

    public static void Add(WebApplicationBuilder builder) => builder.Services.AddSingleton<IStartupFilter, TestUser>();

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static (context, pipeline) =>
        {
            if (context.Request.Headers[Header] is [{ } user])
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], "test"));
            }

            return pipeline(context);
        });
        next(app);
    };
}
