using Microsoft.AspNetCore.Http.Connections;
using Tidings.Bench.SignalR;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);

// No pings and no time-outs while we measure: every server here runs without a heartbeat.
builder.Services.AddSignalR(options =>
{
    options.KeepAliveInterval = TimeSpan.FromHours(1);
    options.ClientTimeoutInterval = TimeSpan.FromHours(2);
});

var app = builder.Build();
app.MapHub<RoomHub>("/hub", options => options.Transports = HttpTransportType.WebSockets);
await app.RunAsync();
